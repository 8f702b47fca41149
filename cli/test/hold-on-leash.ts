// A small `weir up`: one child on a leash. Prints the child's process id and waits to be killed.

import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Child } from '../src/up/child.ts'
import { Leash } from '../src/up/leash.ts'

const child = new Child(
  {
    name: 'sleeper',
    // It ignores the polite signal, so the leash has to become firm.
    command: [process.execPath, '-e', 'process.on("SIGTERM", () => {}); setInterval(() => {}, 1000)'],
    env: {},
    logPath: join(tmpdir(), `weir-leash-${process.pid}.log`),
    isReady: () => Promise.resolve(true),
  },
  new Leash(),
  () => undefined,
)
await child.start()
console.log(child.pid)
setInterval(() => undefined, 1000)
