#compdef PROGRAM
# Completion for PROGRAM in zsh. Load it with: source <(PROGRAM completion zsh)
_PROGRAM() {
    local line word
    local -a found
    while IFS= read -r line; do
        # _describe takes what stands before the first bare colon for the word.
        word="${${line%%$'\t'*}//:/\\:}"
        if [[ $line == *$'\t'* ]]; then
            found+=("$word:${line#*$'\t'}")
        else
            found+=("$word")
        fi
    done < <(PROGRAM __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found )); then
        _describe PROGRAM found
    else
        _files
    fi
}
compdef _PROGRAM PROGRAM
