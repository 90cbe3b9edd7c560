#compdef PROGRAM
# Completion for PROGRAM in zsh. Load it with: source <(PROGRAM completion zsh)
_PROGRAM() {
    local line word
    local -a found more
    while IFS= read -r line; do
        # _describe takes what stands before the first bare colon for the word.
        word="${${line%%$'\t'*}//:/\\:}"
        if [[ $line == *$'\t'* ]]; then
            line="$word:${line#*$'\t'}"
        else
            line="$word"
        fi
        # Behind "name=" a value follows, and no space.
        if [[ $word == *= ]]; then
            more+=("$line")
        else
            found+=("$line")
        fi
    done < <(PROGRAM __complete "${(@Q)words[2,CURRENT]}" 2>/dev/null)
    if (( $#found + $#more )); then
        _describe PROGRAM found -- more -S ''
    else
        _files
    fi
}
compdef _PROGRAM PROGRAM
