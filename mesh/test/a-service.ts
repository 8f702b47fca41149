/**
 * A service for the tests of runService, in a process of its own. Its argument says what goes
 * wrong.
 */
import process from 'node:process'
import { WeirError } from '@weir/proto'
import { Health } from '../src/run/health.ts'
import { createLogger } from '../src/run/log.ts'
import { runService } from '../src/run/service.ts'

const trouble = process.argv[2]
const refusal = new WeirError('conflict', 'The port is taken: move it.', { cause: new Error('EADDRINUSE') })
const log = createLogger('test', 'info')
const health = new Health()

async function begin(name: string): Promise<void> {
  if (trouble === 'start-refused' && name === 'second') throw refusal
  if (trouble === 'start-fails' && name === 'second') throw new Error('no second')
  if (trouble === 'start-hangs' && name === 'second') await new Promise(() => {})
  log.info({ ready: health.ready }, `start ${name}`)
}

async function end(name: string): Promise<void> {
  log.info({ ready: health.ready }, `drain ${name}`)
  if (trouble === 'drain-fails' && name === 'second') throw new Error('stuck')
  if (trouble?.startsWith('drain-') && name === 'second') await new Promise(() => {})
}

if (trouble === 'throws') setTimeout(() => lose('thrown'), 50)
if (trouble === 'rejects') setTimeout(() => void Promise.reject(new Error('rejected')), 50)

await runService({
  name: 'test',
  async start(scope) {
    for (const name of ['first', 'second', 'third']) {
      await scope.use(
        name,
        () => begin(name),
        () => end(name),
      )
    }
  },
  log,
  health,
  drainMs: trouble === 'drain-late' ? 100 : 60_000,
})

function lose(message: string): never {
  throw new Error(message)
}
