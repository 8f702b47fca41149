/** A process that only logs, for the test of createLogger. */
import { createLogger } from '../src/run/log.ts'

const log = createLogger('test', 'info')
log.debug('not seen')
log.info({ token: 'hidden', request: { authorization: 'hidden', path: '/a' }, err: new Error('broken') }, 'seen')
