/**
 * The board of the demo `rooms` in a real Chromium: a thousand rooms, two reports a second of each,
 * and a few anomalies among them, on a machine that is four times slower than this one as well.
 */
import type { Benchmark } from '../report/benchmark.ts'
import { figuresOnNode } from './node-figures.ts'

export const roomsBench: Benchmark = {
  name: 'rooms',
  title: "the demo's board of 1,000 rooms in Chromium: frames, with the CPU throttled",
  onlyByName: true,
  run: (options) => figuresOnNode('bench/src/console/rooms-load.ts', options),
}
