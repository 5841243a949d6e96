"""The Lua scripts that change a shard of profiles in Redis, each of them as a whole or not at all.

KEYS[1] is the shard's base, `<prefix>:<epoch>:{<shard>}:`; all keys begin with it and so share its Cluster slot.
A person is told as: id, number of field and value pairs (-1: forgotten), number of segments, the pairs, the segments.
"""

APPLY = """
local base = KEYS[1]
local PAIRS_A_CALL = 500  -- unpack() has room for some 8,000 values

local function leave(user, segments, staying)
  for segment in string.gmatch(segments or '', '[^,]+') do
    if not staying[segment] then redis.call('SREM', base .. 'seg:' .. segment, user) end
  end
end

local function write(first, pairs_of, segments_of)
  local user = ARGV[first]
  local key = base .. 'u:' .. user
  local before = redis.call('HGET', key, 'segments')
  local fields_end = first + 2 + 2 * pairs_of
  local staying, listed = {}, {}
  for i = fields_end + 1, fields_end + segments_of do
    staying[ARGV[i]] = true
    listed[#listed + 1] = ARGV[i]
    redis.call('SADD', base .. 'seg:' .. ARGV[i], user)
  end
  leave(user, before, staying)
  redis.call('DEL', key)
  if pairs_of < 0 then return first + 3 end
  for i = first + 3, fields_end, 2 * PAIRS_A_CALL do
    redis.call('HSET', key, unpack(ARGV, i, math.min(i + 2 * PAIRS_A_CALL - 1, fields_end)))
  end
  redis.call('HSET', key, 'segments', table.concat(listed, ','))
  return fields_end + segments_of + 1
end

local function apply(first)
  while first <= #ARGV do
    first = write(first, tonumber(ARGV[first + 1]), tonumber(ARGV[first + 2]))
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
