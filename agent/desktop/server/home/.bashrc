[ -z "$PS1" ] && return
PS1='\w\$ '
PROMPT_COMMAND=
HISTFILE=
alias ls='ls --color=auto'
