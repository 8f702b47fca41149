import { after, before } from 'node:test'
import { closeConsole, openConsole } from './console/console.ts'
// The cases, by what they are about; in this order, as the first is about a mesh without events.
import './console/start-cases.ts'
import './console/live-cases.ts'
import './console/state-cases.ts'
import './console/row-cases.ts'
import './console/link-cases.ts'
import './console/alert-cases.ts'
import './console/mesh-cases.ts'
import './console/board-cases.ts'

before(openConsole)
after(closeConsole)
