#!/usr/bin/env bun
import { run } from './run.ts'
import { exitCodes } from './text/exit-code.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Who reads this may have seen enough: `weir get latest | head`.
  if (error.code === 'EPIPE') process.exit(exitCodes.done)
  console.error(`weir: standard output cannot be written: ${error.message}`)
  process.exit(exitCodes.failed)
})
process.exitCode = await run(process.argv.slice(2))
