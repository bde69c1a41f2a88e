// A TLS server on 127.0.0.1 for every Node from 0.8 to 24, so in the JavaScript of 2012.
// Reads its orders as one JSON line from the file named first, says {"port": N} on its output, and ends when its
// input ends: so it never outlives the tests.
var fs = require('fs'), tls = require('tls'), constants = require('constants');
var orders = JSON.parse(fs.readFileSync(process.argv[2], 'utf8'));
var told = orders.dialogue;
var sessions = {}, kept = [];

process.stdin.resume();
process.stdin.on('end', function () { process.exit(0); });
process.on('uncaughtException', function (error) {
  console.error(String(error && error.stack || error));
  if (!listening) process.exit(1);
});
var listening = false;

function read(path) { return fs.readFileSync(path); }

function flags(names) {
  return names.reduce(function (sum, name) {
    if (constants[name] === undefined) throw new Error(name + ' is unknown to Node ' + process.version);
    return sum | constants[name];
  }, 0);
}

function identity(pair) { return { key: read(pair.key), cert: read(pair.chain) }; }

function options() {
  var given = {}, pairs = orders.identities.map(identity);
  // One pair stands alone: before io.js there were no lists.
  given.key = pairs.length === 1 ? pairs[0].key : pairs.map(function (pair) { return pair.key; });
  given.cert = pairs.length === 1 ? pairs[0].cert : pairs.map(function (pair) { return pair.cert; });
  given.secureOptions = flags(orders.flags);
  for (var name in orders.plain) given[name] = orders.plain[name];
  if (orders.dhparam) given.dhparam = read(orders.dhparam);
  if (orders.ca) given.ca = [read(orders.ca)];
  if (orders.ticketKeys) {
    given.ticketKeys = Buffer.from ? Buffer.from(orders.ticketKeys, 'hex') : new Buffer(orders.ticketKeys, 'hex');
  }
  return given;
}

function answer(line, secured) {
  var words = line.split(/\s+/).filter(function (word) { return word; });
  var tag = told.tagged && words.length ? words.shift() : '*';
  var verb = words.length ? words[0].toUpperCase() : '';
  var known = secured.hasOwnProperty(verb) ? secured[verb] : [told.unknown];
  return { text: lines(known.map(function (text) { return text.replace('{tag}', tag); })), over: verb === told.end };
}

function lines(texts) { return texts.map(function (text) { return text + '\r\n'; }).join(''); }

function serve(stream) {
  var buffer = '';
  stream.on('error', function () {});
  if (orders.greets) stream.write(lines(told.greeting));
  else if (told.resumed.length) stream.write(lines(told.resumed));
  stream.on('data', function (data) {
    buffer += data.toString('binary');
    for (var end; (end = buffer.indexOf('\n')) >= 0;) {
      var said = answer(buffer.slice(0, end), told.secured);
      buffer = buffer.slice(end + 1);
      if (said.over) return stream.end(said.text);
      stream.write(said.text);
    }
    if (buffer.length > 8192) stream.destroy();
  });
}

if (orders.renegotiations !== null) tls.CLIENT_RENEG_LIMIT = orders.renegotiations;
var server = tls.createServer(options(), serve);
server.on('clientError', function () {});
server.on('tlsClientError', function () {});
for (var name in orders.names) server.addContext(name, identity(orders.names[name]));
if (orders.sessionIds) {
  server.on('newSession', function (id, data, done) {
    var name = id.toString('hex');
    sessions[name] = data;
    kept.push(name);
    if (kept.length > 256) delete sessions[kept.shift()];
    if (done) done();
  });
  server.on('resumeSession', function (id, done) { done(null, sessions[id.toString('hex')] || null); });
}
if (orders.staple) server.on('OCSPRequest', function (cert, issuer, done) { done(null, read(orders.staple)); });
server.listen(0, '127.0.0.1', function () {
  listening = true;
  console.log(JSON.stringify({
    port: server.address().port, node: process.version, openssl: process.versions.openssl
  }));
});
