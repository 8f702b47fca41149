/** A process that only reads its configuration, for the test of loadConfig. */
import { loadConfig } from '../src/config/load-config.ts'
import { meshSettings } from '../src/config/mesh-settings.ts'

console.log(loadConfig(meshSettings).natsUrl)
