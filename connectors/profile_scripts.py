"""The Lua scripts that change a shard of profiles in Redis, each of them as a whole or not at all.

KEYS[1] is the shard's base, `<prefix>:<epoch>:{<shard>}:`; all keys begin with it and so share its Cluster slot.
A person is one argument, msgpack of [id, [field, value, field, ...] or nil for a forgotten person, [segment, ...]]: one
argument instead of fifty makes a tick twice as fast, most of it in the client (measured 2026-11-23).
"""

APPLY = """
local base = KEYS[1]
local VALUES_A_CALL = 1000  -- unpack() has room for some 8,000

local function leave(user, segments, staying)
  for segment in string.gmatch(segments or '', '[^,]+') do
    if not staying[segment] then redis.call('SREM', base .. 'seg:' .. segment, user) end
  end
end

local function write(user, fields, segments)
  local key = base .. 'u:' .. user
  local before = redis.call('HGET', key, 'segments')
  local listed, staying = table.concat(segments, ','), {}
  for _, segment in ipairs(segments) do staying[segment] = true end
  if fields and before ~= listed then
    for _, segment in ipairs(segments) do redis.call('SADD', base .. 'seg:' .. segment, user) end
  end
  if before ~= listed then leave(user, before, staying) end
  redis.call('DEL', key)
  if not fields then return end
  for i = 1, #fields, VALUES_A_CALL do
    redis.call('HSET', key, unpack(fields, i, math.min(i + VALUES_A_CALL - 1, #fields)))
  end
  redis.call('HSET', key, 'segments', listed)
end

local function apply(first)
  for i = first, #ARGV do
    local person = cmsgpack.unpack(ARGV[i])
    write(person[1], person[2], person[3])
  end
end
"""

# ARGV: tick, the tick that must have been reached ('' for none), people. Answers the tick found, '' for none.
TICK = (
    APPLY
    + """
local found = redis.call('GET', base .. 'tick')
local reached = tonumber(found or '-1')
if reached < tonumber(ARGV[2] == '' and '-1' or ARGV[2]) then return found or '' end
if reached < tonumber(ARGV[1]) then
  apply(3)
  redis.call('SET', base .. 'tick', ARGV[1])
end
return found or ''
"""
)

# ARGV: tick, number of this piece, people. Answers 1 if all pieces up to this one are there, 0 if some were lost.
PIECE = (
    APPLY
    + """
local piece = tonumber(ARGV[2])
local stands = redis.call('GET', base .. 'rewrite')
if stands == ARGV[1] .. ':' .. piece + 1 then return 1 end
if stands ~= ARGV[1] .. ':' .. piece then return 0 end
apply(3)
redis.call('SET', base .. 'rewrite', ARGV[1] .. ':' .. piece + 1)
return 1
"""
)

# ARGV: tick, number of pieces. Answers 1 if the shard now is whole, 0 if pieces were lost.
FINISH = """
local base = KEYS[1]
if redis.call('GET', base .. 'tick') == ARGV[1] then return 1 end
if redis.call('GET', base .. 'rewrite') ~= ARGV[1] .. ':' .. ARGV[2] then return 0 end
redis.call('SET', base .. 'tick', ARGV[1])
redis.call('DEL', base .. 'rewrite')
return 1
"""
