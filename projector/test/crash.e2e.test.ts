import { crashTests } from './crash-tests.ts'
import { withEachDatabase } from './each-database.ts'

withEachDatabase((startDatabase) => crashTests(startDatabase, 1))
