#!/bin/bash
# Stands for programs that read a keyboard, where there is none: the shell tool's commands find
# it in their PATH by those names. What works without a keyboard goes on to the real program.
name=${0##*/} own=${0%/*}
refuse() {
    printf '%s needs a keyboard, and there is none here. %s\n' "$name" "$1" >&2
    exit 1
}
if [[ $name = sayso-editor ]]; then
    name="The editor for ${1##*/}"
    refuse 'Give the text on the command line (git commit -m "…", git merge --no-edit), or set EDITOR or GIT_EDITOR to a command that changes the file by itself.'
fi
PATH=":$PATH:"
PATH=${PATH//":$own:"/:}
PATH=${PATH#:} PATH=${PATH%:}
real=$(type -P "$name") || {
    printf 'bash: %s: command not found\n' "$name" >&2
    exit 127
}
pass=no
for word; do
    case $word in --help | --version) pass=yes ;; esac
    case $name:$word in
        vi*:-c* | vi*:+[!0-9]* | vi*:-[eEs]* | vi*:-S* | vi*:-h | nvim:-c* | nvim:+[!0-9]* | nvim:-[eEshlSv]* | nvim:--headless) pass=yes ;;
        nano:-V | nano:-h | micro:-version | emacs:-batch | emacs:--batch | emacs:--script* | emacs:--daemon*) pass=yes ;;
        top:-*b* | top:-[hv] | htop:-[hV] | watch:-[hvgq]* | watch:--chgexit | watch:--equexit*) pass=yes ;;
    esac
done
if [[ $name = emacs && -n $DISPLAY && " $* " != *" -nw "* && " $* " != *" -t "* && " $* " != *" --no-window-system "* ]]; then pass=yes; fi
if [[ $pass = yes ]]; then exec "$real" "$@"; fi
case $name in
    watch) refuse 'Run the command once, or a few times in a loop: for n in 1 2 3; do COMMAND; sleep 2; done' ;;
    top | htop) refuse 'Use top -b -n 1, or ps.' ;;
    *) refuse 'Change files with the editor tool, with sed -i or with cat >FILE <<END; look at them with cat or sed -n.' ;;
esac
