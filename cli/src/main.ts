#!/usr/bin/env bun
import { run } from './run.ts'

// Who reads this may have seen enough: `weir get latest | head`.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EPIPE') throw error
  process.exit(0)
})
process.exitCode = await run(process.argv.slice(2))
