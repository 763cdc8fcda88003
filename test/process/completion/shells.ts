/** How to start a shell and install the completion in it. */
export interface Shell {
  readonly name: string;
  /** The program. It also names the script. */
  readonly program: 'bash' | 'zsh' | 'fish';
  /** The command that starts it, interactive and without user settings. */
  readonly command: string;
  /** The line that installs the completion. */
  readonly installation: string;
  /** Whether the completion is installed as the help describes. */
  readonly usual: boolean;
  /** A file that must exist. */
  readonly needs?: string;
}

const BASH_COMPLETION = '/usr/share/bash-completion/bash_completion';
const EVAL_BASH = 'eval "$(usbxfer completion bash)"';

export const SHELLS: readonly Shell[] = [
  {
    name: 'bash',
    usual: true,
    program: 'bash',
    command: 'bash --norc --noprofile -i',
    installation: EVAL_BASH,
  },
  {
    name: 'bash with bash-completion',
    usual: false,
    program: 'bash',
    command: 'bash --norc --noprofile -i',
    installation: `. ${BASH_COMPLETION}; ${EVAL_BASH}`,
    needs: BASH_COMPLETION,
  },
  {
    name: 'zsh',
    usual: true,
    program: 'zsh',
    command: 'zsh -f -i',
    installation: 'autoload -Uz compinit; compinit -u -D; eval "$(usbxfer completion zsh)"',
  },
  {
    name: 'zsh with the script in fpath',
    usual: false,
    program: 'zsh',
    command: 'zsh -f -i',
    installation:
      'usbxfer completion zsh > ~/_usbxfer; fpath=(~ $fpath); autoload -Uz compinit; compinit -u -D',
  },
  {
    name: 'fish',
    usual: true,
    program: 'fish',
    command: 'fish --no-config -i',
    installation: 'usbxfer completion fish | source',
  },
];
