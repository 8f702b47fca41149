import process from 'node:process'
import { createLogger, Health, loadConfig, loadVerifier, Metrics, runService } from '@weir/mesh'
import { declaredSpecs } from './declaration/declared-specs.ts'
import { projectorSettings } from './settings.ts'
import { startProjector } from './start-projector.ts'

const config = loadConfig(projectorSettings)
const log = createLogger('projector', config.logLevel)
const health = new Health()
const metrics = new Metrics('projector')
const verifier = loadVerifier(config)
const specs = await declaredSpecs(config.projections, config.databaseUrl).catch((fault: Error) => {
  console.error(fault.message)
  // EX_CONFIG of sysexits.h, as for a fault of the environment: a restart does not help.
  process.exit(78)
})
const context = { config, verifier, specs, log, health, metrics }

await runService({
  name: 'projector',
  start: (scope) => startProjector(scope, context),
  log,
  health,
  drainMs: config.drainMs,
})
