# fish completion for usbxfer
#
# Neither the text of the line nor the strings of devices are ever expanded or evaluated.

# Sets the candidates. Fails if fish itself should complete the name of a file.
function __usbxfer_ask
    set -g __usbxfer_answers
    command -sq usbxfer
    or return 0
    set -l words (commandline -opc)
    set -l raw (commandline -ct)
    set -l word (string unescape -- "$raw"; or printf '%s\n' "$raw")
    # Omit candidates that start with a tilde: fish would not quote them, but expand them.
    set -g __usbxfer_answers \
        (command usbxfer __complete -- $words[2..-1] "$word" 2>/dev/null </dev/null | string match -v '~*')
    set -l file (string match -r '^\t.*' -- $__usbxfer_answers[1])
    or return 0
    set -l prefix (string sub -s 2 -- "$file")
    string match -qr '^(--.*=)?$' -- "$prefix"
    and return 1
    set -l name (string sub -s (math 1 + (string length -- "$prefix")) -- "$raw")
    set -g __usbxfer_answers "$prefix"(__fish_complete_path "$name")
end

complete -c usbxfer -e
complete -c usbxfer -n __usbxfer_ask -f -k -a '$__usbxfer_answers'
