/** What the tests of other packages share: real servers and real faults. */
export { endWithTest } from './testing/end-with-test.ts'
export { freePort } from './testing/free-port.ts'
export { type SmallDisk, startSmallDisk } from './testing/small-disk.ts'
export { startNats, type TestNats, type TestNatsOptions } from './testing/test-server.ts'
