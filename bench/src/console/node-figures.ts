import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileOf, pinnedNode } from '../processes/programs.ts'
import type { BenchmarkOptions } from '../report/benchmark.ts'
import type { Figure } from '../report/figure.ts'

/** A line of output of a program that measures. */
export interface Line {
  readonly figure: Figure
}

/**
 * Runs a program of the repository on Node, as Playwright asks for, and reports the figures that it
 * prints; its argument is `long` or `quick`.
 */
export async function figuresOnNode(program: string, { quick, report }: BenchmarkOptions): Promise<void> {
  const args = ['--disable-warning=ExperimentalWarning', fileOf(program), quick ? 'quick' : 'long']
  const child = spawn(pinnedNode(), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  for await (const text of createInterface({ input: child.stdout })) report((JSON.parse(text) as Line).figure)
  const code = await ended
  if (code !== 0) throw new Error(`${program} ended with ${code}.`)
}

/** The other side: prints a figure. */
export function printFigure(figure: Figure): void {
  console.log(JSON.stringify({ figure } satisfies Line))
}
