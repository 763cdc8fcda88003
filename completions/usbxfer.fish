# fish completion for usbxfer
#
# Nothing that stands on the line, or that a device calls itself, is ever expanded or evaluated.

function __usbxfer_complete
    set -l words (commandline -opc)
    set -l raw (commandline -ct)
    set -l word (string unescape -- "$raw"; or printf '%s\n' "$raw")
    set -l answers (command usbxfer __complete -- $words[2..-1] "$word" 2>/dev/null </dev/null)
    set -l files (string match -r '^\t.*' -- $answers[1])
    if test -z "$files"
        printf '%s\n' $answers
        return
    end
    set -l prefix (string sub -s 2 -- $files)
    set -l name (string sub -s (math 1 + (string length -- "$prefix")) -- "$raw")
    for path in (__fish_complete_path "$name")
        printf '%s%s\n' "$prefix" "$path"
    end
end

complete -c usbxfer -e
complete -c usbxfer -f -k -a '(__usbxfer_complete)'
