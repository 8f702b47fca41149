import { readdirSync, readFileSync } from 'node:fs'

/**
 * CPU time of the threads that a process has, seconds, as the scheduler counts it (in ns); NaN
 * where there is no /proc.
 */
export function cpuSeconds(pid: number): number {
  try {
    let nanoseconds = 0
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0])
    }
    return nanoseconds / 1e9
  } catch {
    return Number.NaN
  }
}

/** User and system time of a process, seconds; NaN where there is no /proc. Their step is 10 ms. */
export function cpuTimes(pid: number): { readonly user: number; readonly system: number } {
  try {
    // The command in brackets may hold spaces; user and system time are the fields 14 and 15, in
    // ticks of 10 ms.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? []
    return { user: Number(fields[11]) / 100, system: Number(fields[12]) / 100 }
  } catch {
    return { user: Number.NaN, system: Number.NaN }
  }
}

/** Resident memory of a process, bytes; NaN where there is no /proc. */
export function residentBytes(pid: number): number {
  try {
    const kibibytes = /VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return Number(kibibytes) * 1024
  } catch {
    return Number.NaN
  }
}

/** The same of a process and its children, as Postgres has one for each connection. */
export function cpuSecondsOfAll(pid: number): number {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
    return children.reduce((sum, child) => sum + (child === '' ? 0 : cpuSeconds(Number(child))), cpuSeconds(pid))
  } catch {
    return Number.NaN
  }
}
