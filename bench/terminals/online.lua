-- Sends requests that were signed beforehand, each once: one thread, one connection, one file. Counts what came back.
--
-- wrk ... -s online.lua -- FOLDER: thread n takes FOLDER/requests-n, whose requests have their length before them, 4 bytes, most
-- significant first. At the end one line of JSON goes to standard output.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(arguments)
  local file = assert(io.open(arguments[1] .. "/requests-" .. number, "rb"))
  content = file:read("*a")
  file:close()
  position, approved, others, sample = 1, 0, 0, ""
end

function request()
  if position > #content then
    wrk.thread:stop()
    return wrk.format("GET", "/healthz")
  end
  local a, b, c, d = content:byte(position, position + 3)
  local length = ((a * 256 + b) * 256 + c) * 256 + d
  local found = content:sub(position + 4, position + 3 + length)
  position = position + 4 + length
  return found
end

function response(status, headers, body)
  if status == 200 and body:find('"verdict":"approved"', 1, true) then
    approved = approved + 1
  else
    others = others + 1
    if sample == "" then sample = status .. " " .. body end
  end
end

function done(summary, latency, requests)
  local good, bad, first = 0, 0, ""
  for _, thread in ipairs(threads) do
    good = good + thread:get("approved")
    bad = bad + thread:get("others")
    if first == "" then first = thread:get("sample") end
  end
  local failed = summary.errors.connect + summary.errors.read + summary.errors.write + summary.errors.timeout
  io.write(string.format(
    '\n{"approved": %d, "others": %d, "failed": %d, "seconds": %.3f, "p50_us": %d, "p99_us": %d, "first": %q}\n',
    good, bad, failed, summary.duration / 1e6, latency:percentile(50), latency:percentile(99), first))
end
