import { mkdir } from 'node:fs/promises'
import { Inspector } from '../processes/inspector.ts'
import type { BenchmarkOptions } from '../report/benchmark.ts'
import type { HubProcess } from './hub-process.ts'

/**
 * Runs an action. If profiles are wanted, records a CPU profile of the hub during it, writes that
 * to a file and prints the functions that took most time.
 */
export async function profiled<T>(
  { profiles }: BenchmarkOptions,
  hub: HubProcess,
  name: string,
  action: () => Promise<T>,
): Promise<T> {
  if (profiles === undefined) return await action()
  await mkdir(profiles, { recursive: true })
  const inspector = await Inspector.connect(hub.inspectorUrl)
  await inspector.startProfile()
  const result = await action()
  const lines = await inspector.stopProfile(`${profiles}/${name}.cpuprofile`)
  inspector.close()
  console.log(`  profile of ${name}:`)
  for (const { share, place } of lines.slice(0, linesShown)) {
    console.log(`  ${(100 * share).toFixed(1).padStart(7)}% ${place}`)
  }
  return result
}

const linesShown = 25
