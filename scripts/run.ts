import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

/** The folder of the checkout, with a slash at its end. */
export const root: string = fileURLToPath(new URL('..', import.meta.url))

// The pinned runtimes come first, so that what asks for `node` gets the pinned one.
const env = {
  ...process.env,
  NO_COLOR: '1',
  PATH: `${root}.tools/bin:${root}node_modules/.bin:${process.env.PATH ?? ''}`,
}

export interface Outcome {
  readonly ok: boolean
  readonly output: string
}

/**
 * Runs a program from the root to its end. With `show` its output also goes to this process's own
 * as it comes.
 */
export function run(command: readonly string[], options: { readonly show?: boolean } = {}): Promise<Outcome> {
  const [program = '', ...args] = command
  return new Promise((resolve) => {
    const child = spawn(program, args, { cwd: root, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      stream.on('data', (text: string) => {
        output += text
        if (options.show) process.stdout.write(text)
      })
    }
    child.on('error', (error) => resolve({ ok: false, output: `${program} did not start: ${error.message}\n` }))
    child.on('close', (code) => resolve({ ok: code === 0, output }))
  })
}
