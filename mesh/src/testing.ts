/** What the tests of other packages share: real servers and real faults. */
export { type SmallDisk, startSmallDisk } from './testing/small-disk.ts'
export { startNats, type TestNats, type TestNatsOptions } from './testing/test-server.ts'
