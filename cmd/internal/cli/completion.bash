# Completion for PROGRAM in bash. Load it with: source <(PROGRAM completion bash)
_PROGRAM() {
    local line word begun="${COMP_WORDS[COMP_CWORD]}"
    local -a words=()
    # bash takes "--flag=value" apart into three words: the middle one says nothing.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
        [[ $word == "=" ]] || words+=("$word")
    done
    [[ $begun == "=" ]] && begun=""
    begun="${begun//\\/}"
    COMPREPLY=()
    while IFS= read -r line; do
        word="${line%%$'\t'*}"
        if [[ $word == *= ]]; then
            compopt -o nospace 2>/dev/null
        else
            # Names are data: quoted, so that none of them is ever run.
            printf -v word '%q' "$word"
        fi
        COMPREPLY+=("$word")
    done < <(PROGRAM __complete "${words[@]}" "$begun" 2>/dev/null)
}
complete -o default -F _PROGRAM PROGRAM
