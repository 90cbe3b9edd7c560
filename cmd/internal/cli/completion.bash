# Completion for PROGRAM in bash. Load it with: source <(PROGRAM completion bash)
_PROGRAM() {
    local line word glue="" begun="" said=""
    local -a words=()
    # bash takes "name=value" apart into three words: they are put together again.
    for word in "${COMP_WORDS[@]:1:COMP_CWORD}"; do
        word="${word//\\/}"
        if [[ ($word == "=" || -n $glue && -n $word) && ${#words[@]} -gt 0 ]]; then
            words[${#words[@]}-1]+="$word"
        else
            words+=("$word")
        fi
        glue=""
        [[ $word == "=" ]] && glue=1
    done
    (( ${#words[@]} )) && begun="${words[${#words[@]}-1]}"
    # Of the answer bash wants what stands behind the last "=" alone.
    [[ $begun == *=* && $COMP_WORDBREAKS == *=* ]] && said="${begun%=*}="
    COMPREPLY=()
    while IFS= read -r line; do
        word="${line%%$'\t'*}"
        word="${word#"$said"}"
        if [[ $word == *= ]]; then
            compopt -o nospace 2>/dev/null
        else
            # Names are data: quoted, so that none of them is ever run.
            printf -v word '%q' "$word"
        fi
        COMPREPLY+=("$word")
    done < <(PROGRAM __complete "${words[@]}" 2>/dev/null)
}
complete -o default -F _PROGRAM PROGRAM
