/**
 * What a person sees of the console under load, in a real Chromium before a whole `weir up`: frames
 * a second, the heap over ten minutes, how soon the first row stands, and how soon what is done is
 * drawn.
 */
import type { Benchmark } from '../report/benchmark.ts'
import { figuresOnNode } from './node-figures.ts'

export const consoleBench: Benchmark = {
  name: 'console',
  title: 'the console in Chromium: frames, heap, first row, act to pixel',
  onlyByName: true,
  run: (options) => figuresOnNode('bench/src/console/console-load.ts', options),
}
