import process from 'node:process'
import { createLogger, Health, loadConfig, loadVerifier, Metrics, runService } from '@weir/mesh'
import { checkBoardFolders } from './boards/board-files.ts'
import { declared } from './declaration/file/declared.ts'
import { declaredReads } from './reads/declared-reads.ts'
import { projectorSettings } from './settings.ts'
import { startProjector } from './start-projector.ts'

const config = loadConfig(projectorSettings)
const log = createLogger('projector', config.logLevel)
const health = new Health()
const metrics = new Metrics('projector')
const verifier = loadVerifier(config)
const declarations = await declared(config.projections, config.databaseUrl).catch(misconfigured)
const reads = await declaredReads(config.routesFile).catch(misconfigured)
await checkBoardFolders(config.boards).catch(misconfigured)
const context = { config, verifier, declarations, reads, log, health, metrics }

await runService({
  name: 'projector',
  start: (scope) => startProjector(scope, context),
  log,
  health,
  drainMs: config.drainMs,
})

function misconfigured(fault: Error): never {
  console.error(fault.message)
  // EX_CONFIG of sysexits.h, as for a fault of the environment: a restart does not help.
  process.exit(78)
}
