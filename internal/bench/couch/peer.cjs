'use strict'
// The peer of `amparo bench link`: CouchDB-protocol replication as its users run it, PouchDB against express-pouchdb,
// both with their own defaults. Both keep everything in memory and sync nothing to a disk, which is in their favour.
// One command a line comes in, one answer a line goes out.

const readline = require('readline')
const PouchDB = require('pouchdb')
PouchDB.plugin(require('pouchdb-adapter-memory'))

let local = null

const commands = {
  // serve opens the server and says at which port.
  serve() {
    const app = require('express')()
    const server = PouchDB.defaults({ adapter: 'memory' })
    app.use('/', require('express-pouchdb')(server, { mode: 'minimumForPouchDB', inMemoryConfig: true }))
    return new Promise((resolve, reject) => {
      const listening = app.listen(0, '127.0.0.1', () => resolve({ port: listening.address().port }))
      listening.on('error', reject)
    })
  },

  // fill puts documents into the client's own database, which has to be done before anything is timed.
  async fill({ docs }) {
    local = new PouchDB('local', { adapter: 'memory' })
    const results = await local.bulkDocs(docs)
    const wrong = results.find((one) => one.error)
    if (wrong) throw new Error(wrong.message)
    return { docs: results.length }
  },

  // push replicates to the server, once; pull from it into an empty database.
  push: ({ url }) => timed(() => local.replicate.to(new PouchDB(url))),
  pull: ({ url }) => timed(() => new PouchDB('pulled', { adapter: 'memory' }).replicate.from(new PouchDB(url)))
}

async function timed(replicate) {
  const begin = process.hrtime.bigint()
  const result = await replicate()
  if (result.status !== 'complete') throw new Error('replication ended as ' + result.status)
  return { docs: result.docs_written, seconds: Number(process.hrtime.bigint() - begin) / 1e9 }
}

readline.createInterface({ input: process.stdin }).on('line', async (line) => {
  let answer
  try {
    const command = JSON.parse(line)
    answer = await commands[command.do](command)
  } catch (err) {
    answer = { error: String((err && err.stack) || err) }
  }
  process.stdout.write(JSON.stringify(answer) + '\n')
}).on('close', () => process.exit(0)) // who started us is gone, or done
