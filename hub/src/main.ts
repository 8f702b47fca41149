import { createLogger, Health, loadConfig, Metrics, runService } from '@weir/mesh'
import { hubParts } from './hub-parts.ts'
import { hubSettings } from './settings.ts'

const config = loadConfig(hubSettings)
const log = createLogger('hub', config.logLevel)
const health = new Health()
const metrics = new Metrics('hub')
const parts = hubParts({ config, log, health, metrics })

await runService({ name: 'hub', parts, log, health, drainMs: config.drainMs })
