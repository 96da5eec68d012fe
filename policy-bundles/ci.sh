#!/bin/sh
# What has to hold of a change to policy, for any CI: run it beside mcp-gateway.yaml, in a repository laid out as
# policy-bundles/README.md says. Exit code 1 when anything does not hold; what was found is in $COMMENT, as Markdown for
# the pull request.
#
#   BUNDLES      folders below which bundles lie             (bundles)
#   LOG          what was decided lately: mcp-gateway decision export --since 7d > decisions.jsonl
#                without it nothing is replayed
#   FAIL_ON      how many of them may be decided otherwise   (deny_to_allow=0,new_error=0)
#   MAX_SURVIVORS  how many rules no case has to miss, as those of the servers' own bundles   (0)
#   COMMENT      where the Markdown goes                     (policy-comment.md)
#   MCP_GATEWAY  the program                                 (mcp-gateway)
set -u
gateway=${MCP_GATEWAY:-mcp-gateway}
comment=${COMMENT:-policy-comment.md}
failed=0

# step TITLE COMMAND...: runs it, and writes what it says below its title.
step() {
  title=$1
  shift
  if found=$("$@" 2>&1); then verdict=passes; else verdict='**fails**' failed=1; fi
  printf '%s: %s\n' "$title" "$verdict"
  [ "$verdict" = passes ] || printf '%s\n' "$found"
  printf '<details><summary>%s: %s</summary>\n\n```\n%s\n```\n\n</details>\n\n' "$title" "$verdict" "$found" >>"$comment"
}

printf '## What this change does to policy\n\n' >"$comment"
for manifest in $(find ${BUNDLES:-bundles} -name .manifest | sort); do
  bundle=$(dirname "$manifest")
  # Every rule has a title, what stops a call has an owner and says what to do instead, and every rule comes true in a test.
  step "check $bundle" $gateway bundle check "$bundle" --deny-warnings --deny lint_owner
  step "test $bundle" $gateway bundle test "$bundle" --min-coverage 100
  step "format $bundle" $gateway bundle fmt "$bundle" --check
done
# All of them together decide as the cases say, and no rule can go without a case noticing.
step 'decision cases' $gateway policy test --mutate --max-survivors "${MAX_SURVIVORS:-0}"
if [ -n "${LOG:-}" ]; then
  replayed=$($gateway policy replay --log "$LOG" --fail-on "${FAIL_ON:-deny_to_allow=0,new_error=0}" --markdown 2>&1) || failed=1
  printf '%s\n' "$replayed"
  printf '%s\n' "$replayed" >>"$comment"
fi
exit $failed
