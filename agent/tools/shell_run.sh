# Runs one command of the shell tool: bash -c THIS bash MARK COMMAND NO_KEYBOARD JOBS
# (the last two: texts of the programs that are put into a folder of the shell's own).
_sayso_own="${XDG_RUNTIME_DIR:-/tmp}/$1"
if [[ ! -d $_sayso_own/bin ]]; then
    (
        umask 077
        mkdir -p -- "$_sayso_own/new" && cd -- "$_sayso_own/new" && umask 022 || exit
        printf '%s\n' "$4" >jobs.py && mkdir bin && printf '%s\n' "$3" >bin/sayso-editor || exit
        chmod 755 bin/sayso-editor
        for name in vi vim view vimdiff nvim nano pico micro joe emacs watch top htop; do
            ln -- bin/sayso-editor "bin/$name"
        done
        mv -- jobs.py bin "$_sayso_own"
    ) 2>/dev/null
fi
shopt -s expand_aliases
if [[ -r $_sayso_own/state ]]; then
    source "$_sayso_own/state" 2>/dev/null
else
    export PATH="$_sayso_own/bin:$PATH" TERM=dumb DEBIAN_FRONTEND=noninteractive
    export PAGER=cat GIT_PAGER=cat MANPAGER=cat SYSTEMD_PAGER=cat LESS=-FRX
    export EDITOR="$_sayso_own/bin/sayso-editor"
    export VISUAL=$EDITOR GIT_EDITOR=$EDITOR GIT_SEQUENCE_EDITOR=$EDITOR
    export GIT_TERMINAL_PROMPT=0 SSH_ASKPASS_REQUIRE=never PIP_NO_INPUT=1
    unset GIT_ASKPASS SSH_ASKPASS SUDO_ASKPASS
fi
_sayso_save() {
    { set +xveu; trap - ERR DEBUG; } 2>/dev/null
    {
        printf 'cd -- %q\n' "$PWD"
        umask -p; shopt -p; alias -p; declare -f; declare -p
    } >"$_sayso_own/state.new" 2>/dev/null && mv -f -- "$_sayso_own/state.new" "$_sayso_own/state"
}
jobs() {
    builtin jobs "$@"
    if [[ $# = 0 ]]; then python3 -I -S "$_sayso_own/jobs.py" "$SAYSO_SHELL" show; fi
}
trap _sayso_save EXIT
export SAYSO_SHELL=$1
eval "$2"
