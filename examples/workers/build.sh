#!/bin/sh
# Does a task with what is on the machine: wavekeeper worker run --pool build -- examples/workers/build.sh
# Reads the brief from its file, works, and writes a result file, which may say more than standard output can.
set -eu

title=$(node -p 'JSON.parse(fs.readFileSync(process.env.WAVEKEEPER_BRIEF_FILE)).task.title')
echo "doing $WAVEKEEPER_TASK_REF: $title" >&2 # shown when the attempt fails

size=$(printf '%s' "$title" | wc -c | tr -d ' ')

TITLE="$title" SIZE="$size" node -e '
  const { TITLE, SIZE, WAVEKEEPER_RESULT_FILE } = process.env;
  const result = { summary: `Measured ${TITLE}`, output: { characters: Number(SIZE) } };
  fs.writeFileSync(WAVEKEEPER_RESULT_FILE, JSON.stringify(result));
'
