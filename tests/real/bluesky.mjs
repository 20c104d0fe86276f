// Bluesky's own servers in one process: the DID directory, the PDS that keeps accounts, and the AppView that counts.
// Environment: MODULES (node_modules), DB_URL (PostgreSQL), REDIS_HOST (host:port), PLC_PORT, PDS_PORT, APPVIEW_PORT.
// Prints READY when all three answer.
import path from 'node:path'
import { pathToFileURL } from 'node:url'

const { MODULES, DB_URL, REDIS_HOST } = process.env
const [plcPort, pdsPort, viewPort] = ['PLC_PORT', 'PDS_PORT', 'APPVIEW_PORT'].map((name) => Number(process.env[name]))
const dev = await import(pathToFileURL(path.join(MODULES, '@atproto/dev-env/dist/index.js')))

const plc = await dev.TestPlc.create({ port: plcPort })
const bsync = await dev.TestBsync.create({ apiKeys: ['uji'], dbUrl: DB_URL, dbSchema: 'bsync_uji' })
const view = await dev.TestBsky.create({
  port: viewPort,
  plcUrl: plc.url,
  pdsPort,
  repoProvider: `ws://localhost:${pdsPort}`,
  bsyncApiKey: 'uji',
  bsyncUrl: bsync.url,
  dbPostgresUrl: DB_URL,
  dbPostgresSchema: 'appview_uji',
  redisHost: REDIS_HOST,
})
bsync.ctx.dataplaneClients = [view.ctx.dataplane]
const pds = await dev.TestPds.create({
  port: pdsPort,
  hostname: 'localhost',
  didPlcUrl: plc.url,
  bskyAppViewUrl: view.url,
  bskyAppViewDid: view.ctx.cfg.serverDid,
})
// Names ending in .test are known to the PDS alone, not to any DNS.
dev.mockNetworkUtilities(pds, view)
console.log('READY')
