# fish completion for usbxfer
#
# Nothing that stands on the line, or that a device calls itself, is ever expanded or evaluated.

# Sets the candidates. Fails where fish itself had better complete the name of a file.
function __usbxfer_ask
    set -g __usbxfer_answers
    command -sq usbxfer
    or return 0
    set -l words (commandline -opc)
    set -l raw (commandline -ct)
    set -l word (string unescape -- "$raw"; or printf '%s\n' "$raw")
    # What begins with a tilde is left out: fish would not quote it, and read it as a home.
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
