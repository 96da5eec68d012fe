/** The shells that completion is written for. */
export const SHELLS = ['bash', 'zsh', 'fish', 'powershell'] as const;
export type Shell = (typeof SHELLS)[number];

/** Stands in place of words where the shell shall offer files. */
export const FILES = ':files';
/** The command that the scripts ask for words; not shown in any help. */
export const ASK = '__complete';

/**
 * What a shell reads once. It asks the program for words at every key press, with what was typed as arguments of their own,
 * never as text that a shell reads again, and shows nothing where the program fails.
 */
export function completionScript(shell: Shell): string {
  return SCRIPTS[shell];
}

/** Works in the bash 3.2 of macOS, and without the package bash-completion. */
const BASH = `# bash completion for mcp-gateway. In ~/.bashrc: eval "$(mcp-gateway completion bash)"
_mcp_gateway() {
  local line word current="\${COMP_WORDS[COMP_CWORD]}"
  local -a words=()
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD}"; do
    [ "$word" = "=" ] || words+=("$word")
  done
  [ "$current" = "=" ] && words+=("") && current=""
  COMPREPLY=()
  while IFS= read -r line; do
    if [ "$line" = "${FILES}" ]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r line; do COMPREPLY+=("$line"); done < <(compgen -f -- "$current")
      return 0
    fi
    COMPREPLY+=("\${line%%$'\\t'*}")
  done < <(mcp-gateway ${ASK} -- "\${words[@]}" 2>/dev/null)
}
complete -F _mcp_gateway mcp-gateway
`;

const ZSH = `#compdef mcp-gateway
# zsh completion for mcp-gateway. In ~/.zshrc, behind compinit: eval "$(mcp-gateway completion zsh)"
_mcp_gateway() {
  local line
  local -a lines described
  lines=("\${(@f)$(mcp-gateway ${ASK} -- "\${(@)words[2,CURRENT]}" 2>/dev/null)}")
  if [[ "\${lines[1]}" == "${FILES}" ]]; then
    _files
    return
  fi
  for line in "\${lines[@]}"; do
    case "$line" in
      "") ;;
      *$'\\t'*) described+=("\${\${line%%$'\\t'*}//:/\\\\:}:\${line#*$'\\t'}") ;;
      *) described+=("\${line//:/\\\\:}") ;;
    esac
  done
  (( \${#described} )) && _describe -V 'mcp-gateway' described
}
if [[ "\${funcstack[1]}" == "_mcp_gateway" ]]; then
  _mcp_gateway "$@"
else
  compdef _mcp_gateway mcp-gateway
fi
`;

const FISH = `# fish completion for mcp-gateway. In ~/.config/fish/config.fish: mcp-gateway completion fish | source
function __mcp_gateway_complete
    set -l typed (commandline -opc)
    set -l current (commandline -ct)
    set -l found (mcp-gateway ${ASK} -- $typed[2..-1] "$current" 2>/dev/null)
    if test "$found[1]" = "${FILES}"
        __fish_complete_path "$current"
        return
    end
    printf '%s\\n' $found
end
complete -c mcp-gateway -f -a '(__mcp_gateway_complete)'
`;

/** Before 7.3 PowerShell drops empty arguments, so that the last word is said to be empty. */
const POWERSHELL = `# PowerShell completion for mcp-gateway. In $PROFILE: mcp-gateway completion powershell | Out-String | Invoke-Expression
Register-ArgumentCompleter -Native -CommandName mcp-gateway -ScriptBlock {
    param($wordToComplete, $commandAst, $cursorPosition)
    $words = @($commandAst.CommandElements | Select-Object -Skip 1 | ForEach-Object { $_.ToString() })
    $asked = @('${ASK}')
    if ($wordToComplete -eq '') { $asked += '--empty' }
    $asked += '--'
    $asked += $words
    & mcp-gateway @asked 2>$null | ForEach-Object {
        $value, $about = $_ -split "\`t", 2
        if ($value -eq '${FILES}') { return }
        if (-not $about) { $about = $value }
        [System.Management.Automation.CompletionResult]::new($value, $value, 'ParameterValue', $about)
    }
}
`;

const SCRIPTS: Readonly<Record<Shell, string>> = { bash: BASH, zsh: ZSH, fish: FISH, powershell: POWERSHELL };
