/**
 * How many events a second the TypeScript client takes, each with its data: in Node as fast as a
 * hub that does nothing else can send them, and in Chromium at a steady rate, where no task may
 * keep the page from drawing.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build } from 'vite'
import type { ClientLoad } from './client/client-load.ts'
import type { PageLoad } from './client/page-load.ts'
import { PeerProcess } from './processes/peer-process.ts'
import { fileOf, lastLine, pinnedNode } from './processes/programs.ts'
import type { Benchmark, BenchmarkOptions } from './report/benchmark.ts'

export const client: Benchmark = {
  name: 'client',
  title: 'events that the TypeScript client takes, in Node and in Chromium',
  run: runClient,
}

const batchEntries = 100
const pageEventsPerSecond = 50_000

async function runClient(options: BenchmarkOptions): Promise<void> {
  const ms = options.quick ? 1500 : 6000
  for (const codec of ['protobuf', 'json'] as const) {
    const { events, seconds, cpuSeconds } = await withFeed(0, undefined, (port) =>
      read<ClientLoad>('client-load', port, codec, ms),
    )
    const note = `${Math.round(events / cpuSeconds)} a CPU second`
    const name = `Node, ${codec}, as fast as it goes`
    options.report({ name, value: events / seconds, unit: 'events/s', budget: { atLeast: 100_000 }, note })
  }
  const folder = await builtPage()
  try {
    const { events, seconds, longTasks } = await withFeed(pageEventsPerSecond, folder, (port) =>
      read<PageLoad>('page-load', port, ms),
    )
    const name = `Chromium, protobuf, at ${pageEventsPerSecond} events/s`
    const isSlow = events / seconds < 0.95 * pageEventsPerSecond
    options.report({ name, value: events / seconds, unit: 'events/s', budget: { atLeast: 0.95 * pageEventsPerSecond } })
    options.report({
      name: 'Chromium, tasks over 50 ms meanwhile',
      value: longTasks.length,
      unit: 'tasks',
      budget: { atMost: 0 },
      note: longTasks.map((each) => `${Math.round(each)} ms`).join(', '),
      void: isSlow ? 'the page took fewer events' : undefined,
    })
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

async function withFeed<Load>(
  perSecond: number,
  folder: string | undefined,
  use: (port: number) => Promise<Load>,
): Promise<Load> {
  const args = [String(perSecond), String(batchEntries), ...(folder === undefined ? [] : [folder])]
  const feed = await PeerProcess.start('bench/src/client/feed-hub.ts', args)
  try {
    return await use(feed.port)
  } finally {
    await feed.stop()
  }
}

async function read<Load>(script: string, ...args: readonly (string | number)[]): Promise<Load> {
  return (await lastLine(`client/${script}.ts`, args.map(String), pinnedNode())) as Load
}

/** The page in one file, and where it is. */
async function builtPage(): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'weir-bench-page-'))
  await build({
    root: fileOf('bench'),
    configFile: false,
    logLevel: 'silent',
    build: {
      target: 'esnext',
      outDir: folder,
      emptyOutDir: true,
      rolldownOptions: { input: fileOf('bench/src/client/page.ts'), output: { entryFileNames: 'page.js' } },
    },
  })
  writeFileSync(join(folder, 'index.html'), '<title>feed</title><script type="module" src="/page.js"></script>')
  return folder
}
