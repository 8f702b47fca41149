import { readFile } from 'node:fs/promises'
import { ratioOf, rounded } from '../bench/src/report/figure.ts'
import { recordedRuns } from '../bench/src/report/results.ts'
import type { RunRecord } from '../bench/src/report/run-record.ts'
import { root } from './run.ts'

/** docs/scaling.md with the last figures of each benchmark between its two comments. */
export async function scalingDocument(): Promise<string> {
  const text = await readFile(`${root}docs/scaling.md`, 'utf8')
  const runs = recordedRuns()
  return shownThere.reduce((page, name) => {
    const [head, , tail] = page.split(
      new RegExp(`(?<=^<!-- ${name}: .*\\n)([\\s\\S]*?)(?=^<!-- end of ${name} -->$)`, 'm'),
    )
    if (head === undefined || tail === undefined) throw new Error(`docs/scaling.md has lost its comments of ${name}`)
    return head + tableOf(name, runs) + tail
  }, text)
}

const shownThere = ['shards', 'scale-out']

function tableOf(name: string, runs: readonly RunRecord[]): string {
  const run = runs.find(({ benchmark }) => benchmark === name)
  if (run === undefined) return `\nNo run is recorded: \`.tools/bin/bun bench/src/main.ts ${name}\` makes one.\n\n`
  const rows = run.figures.map((figure) => {
    const ratio = ratioOf(figure)
    const beside = figure.peer === undefined || ratio === undefined ? '' : `${rounded(ratio)} x ${figure.peer.name}`
    return `| ${figure.name} | ${`${rounded(figure.value)} ${figure.unit}`.trim()} | ${beside} | ${figure.note ?? ''} |`
  })
  return [
    '',
    `${run.date}, ${run.machine}.`.replace(', Bun ', ',\nBun '),
    '',
    '| figure | value | beside | conditions |',
    '|---|---|---|---|',
    ...rows,
    '',
    '',
  ].join('\n')
}
