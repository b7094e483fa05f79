#!/bin/sh
# Rules of a pull request, tried before anyone merges them: check-rules.sh RULES LIVE ARTICLES
#   RULES     the folder with the proposed rules.yaml (and entities.yaml)
#   LIVE      that folder as it is on the main branch
#   ARTICLES  past articles, one in JSON a line: `tocsin rules backtest --from 7d --save sample.jsonl` writes them
# Any exit code but 0 means: don't merge. The report is also left in backtest.json.
# With TOCSIN_BOOTSTRAP set, what an apply would change at that broker is shown too.
set -eu
rules=$1 live=$2 articles=$3

echo '== check'
tocsin rules check --config-dir "$rules"
echo '== test'
tocsin rules test --config-dir "$rules"
if [ -n "${TOCSIN_BOOTSTRAP:-}" ]; then
  echo '== diff'
  # 1 means that there are differences, which is what a pull request is for.
  tocsin rules diff --config-dir "$rules" --bootstrap "$TOCSIN_BOOTSTRAP" || [ $? -eq 1 ]
fi
echo '== backtest'
backtest() {
  tocsin rules backtest "$rules/rules.yaml" --against "$live" --articles "$articles" "$@"
}
backtest --json 2>/dev/null >backtest.json
backtest --max-per-day "${MAX_PER_DAY:-50}" --max-lost "${MAX_LOST:-0}"
