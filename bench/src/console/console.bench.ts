/**
 * What a person sees of the console under load, in a real Chromium before a whole `weir up`: frames
 * a second, the heap over ten minutes, how soon the first row stands, and how soon what is done is
 * drawn.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileOf, pinnedNode } from '../processes/programs.ts'
import type { Benchmark, BenchmarkOptions } from '../report/benchmark.ts'
import type { Line } from './console-load.ts'

export const consoleBench: Benchmark = {
  name: 'console',
  title: 'the console in Chromium: frames, heap, first row, act to pixel',
  onlyByName: true,
  run,
}

async function run({ quick, report }: BenchmarkOptions): Promise<void> {
  const args = ['--disable-warning=ExperimentalWarning', fileOf('bench/src/console/console-load.ts')]
  const child = spawn(pinnedNode(), [...args, quick ? 'quick' : 'long'], { stdio: ['ignore', 'pipe', 'inherit'] })
  const ended = new Promise<number | null>((resolve) => child.once('close', resolve))
  for await (const text of createInterface({ input: child.stdout })) {
    report((JSON.parse(text) as Line).figure)
  }
  const code = await ended
  if (code !== 0) throw new Error(`console-load.ts ended with ${code}.`)
}
