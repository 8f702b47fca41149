import { describe } from 'node:test'
import { crashTests } from './crash-tests.ts'
import { startPglite } from './pglite.ts'

describe('events in three streams', () => crashTests(startPglite, 3))
