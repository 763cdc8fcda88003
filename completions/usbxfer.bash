# bash completion for usbxfer, from bash 3.2 on                          -*- shell-script -*-
#
# Neither the text of the line nor the strings of devices are ever expanded or evaluated.

# Sets `unquoted` to a word without its quotes, and `quote` to the quote that is still open.
_usbxfer_unquote() {
  local rest=$1 char
  unquoted='' quote=''
  while [[ -n $rest ]]; do
    char=${rest:0:1} rest=${rest:1}
    case $quote$char in
    \' | \") quote=$char ;;
    "''" | '""') quote='' ;;
    \\) unquoted+=${rest:0:1} rest=${rest:1} ;;
    \"\\)
      [[ $rest == [\"\\\$\`]* ]] && char=${rest:0:1} rest=${rest:1}
      unquoted+=$char
      ;;
    *) unquoted+=$char ;;
    esac
  done
}

# Adds a candidate: without `kept`, the part of the word that readline does not replace, and quoted to
# fit the quote that is still open.
_usbxfer_add() {
  [[ $1 == "$kept"* ]] || return
  local text=${1#"$kept"}
  case $quote in
  \") [[ $text != *[\"\\\$\`!]* ]] || return ;;
  \') [[ $text != *\'* ]] || return ;;
  *) [[ $text != *[!A-Za-z0-9_./:=@,+%-]* ]] || printf -v text %q "$text" ;;
  esac
  COMPREPLY+=("$text")
}

_usbxfer() {
  local line=${COMP_LINE:0:COMP_POINT} blanks piece raw='' words=() i
  local unquoted quote kept answer prefix name
  COMPREPLY=()

  # bash also splits words at : and =. Join the parts that no blank separates.
  for ((i = 0; i <= COMP_CWORD; i++)); do
    blanks=${line%%[![:space:]]*}
    line=${line#"$blanks"}
    piece=${COMP_WORDS[i]}
    ((i < COMP_CWORD)) || piece=$line
    line=${line#"$piece"}
    if ((i > 0)) && [[ -n $blanks ]]; then
      _usbxfer_unquote "$raw"
      words+=("$unquoted")
      raw=''
    fi
    raw+=$piece
  done

  # readline replaces $2, the end of the last word.
  [[ $raw == *"$2" ]] || return
  _usbxfer_unquote "$raw"
  words+=("$unquoted")
  local word=$unquoted
  _usbxfer_unquote "${raw%"$2"}"
  kept=$unquoted

  while IFS= read -r answer; do
    if [[ $answer != $'\t'* ]]; then
      _usbxfer_add "${answer%%$'\t'*}"
      continue
    fi
    prefix=${answer#$'\t'}
    if [[ $kept == "$prefix" ]] && compopt -o default 2>/dev/null; then
      return # readline replaces only the name, so it can complete it itself
    fi
    while IFS= read -r name; do
      [[ ! -d $name ]] || name+=/
      _usbxfer_add "$prefix$name"
    done < <(compgen -f -- "${word#"$prefix"}")
  done < <(command usbxfer __complete -- "${words[@]:1}" 2>/dev/null </dev/null)

  # The user may continue a candidate that ends like this: add no space.
  if [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[=@:,/] ]]; then
    compopt -o nospace 2>/dev/null
  fi
}

complete -F _usbxfer usbxfer
