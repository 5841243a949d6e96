import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

import org.apache.flink.api.common.state.ListState;
import org.apache.flink.api.common.state.ListStateDescriptor;
import org.apache.flink.api.common.typeutils.base.array.LongPrimitiveArraySerializer;
import org.apache.flink.runtime.state.StateInitializationContext;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.streaming.api.graph.StreamConfig;
import org.apache.flink.streaming.api.operators.AbstractStreamOperator;
import org.apache.flink.streaming.api.operators.OneInputStreamOperator;
import org.apache.flink.streaming.api.operators.Output;
import org.apache.flink.streaming.api.watermark.Watermark;
import org.apache.flink.streaming.runtime.streamrecord.StreamRecord;
import org.apache.flink.streaming.runtime.tasks.ProcessingTimeService;
import org.apache.flink.streaming.runtime.tasks.StreamTask;
import org.apache.flink.types.Row;

/**
 * Gives each record its effective time and packs the records of one shard and tick into chunks of bytes.
 *
 * <p>A record goes to the shard of its person, news go to every shard.
 *
 * <p>In: (key, value, coordinate, Kafka's time), in the order of each partition. Out: (label of the shard, beginning of
 * the tick, chunk as connectors/tick_chunks.py reads it). What a watermark or a checkpoint passes has been handed on
 * before it, so there is nothing to store but the highest time of each partition. Flink compiles this text on the
 * TaskManager, as it does with the operators of SQL: no generics, no lambdas.
 */
public class TickChunks extends AbstractStreamOperator implements OneInputStreamOperator {
    private static final int OFFSET_BITS = 44;
    private static final int TOPIC_SHIFT = 58;
    private static final int MOST_BYTES = 8 << 20;

    private final long bound;
    private final long tick;
    private final int[] labels;
    private final byte[] heartbeat;
    private final int firstNews;
    private final TreeMap ticks = new TreeMap();
    private final HashMap marks = new HashMap();
    private long held = 0;
    private long lastPartition = -1;
    private long[] lastMark = null;
    private long lastBegin = Long.MIN_VALUE;
    private Chunk[] lastChunks = null;
    private ListState stored;

    public TickChunks(
            Object[] settings, StreamTask task, StreamConfig config, Output output, ProcessingTimeService clock) {
        this.bound = ((Number) settings[0]).longValue();
        this.tick = ((Number) settings[1]).longValue();
        this.labels = (int[]) settings[2];
        this.heartbeat = ((String) settings[3]).getBytes(StandardCharsets.UTF_8);
        this.firstNews = ((Number) settings[4]).intValue();
        this.setup(task, config, output);
        this.setProcessingTimeService(clock);
    }

    public void processElement(StreamRecord element) throws Exception {
        Row row = (Row) element.getValue();
        byte[] key = (byte[]) row.getField(0);
        long coordinate = ((Long) row.getField(2)).longValue();
        long time = ((Instant) row.getField(3)).toEpochMilli();
        long mark = markOf(coordinate >> OFFSET_BITS, time);
        if (key != null && Arrays.equals(key, heartbeat)) {
            return;
        }
        long effective = Math.max(time, mark - bound + 1);
        byte[] value = (byte[]) row.getField(1);
        long begin = Math.floorDiv(effective, tick) * tick;
        boolean news = (coordinate >> TOPIC_SHIFT) >= firstNews;
        int first = news ? 0 : shardOf(key);
        int last = news ? labels.length - 1 : first;
        for (int shard = first; shard <= last; shard++) {
            chunk(begin, shard).add(key, value, coordinate, time, effective);
            held += (key == null ? 0 : key.length) + (value == null ? 0 : value.length) + Chunk.NUMBERS;
        }
        if (held > MOST_BYTES) {
            handOn(Long.MAX_VALUE);
        }
    }

    /** The highest time that the partition has shown, this one included. */
    private long markOf(long partition, long time) {
        if (partition != lastPartition) {
            lastPartition = partition;
            lastMark = (long[]) marks.get(Long.valueOf(partition));
            if (lastMark == null) {
                lastMark = new long[] {time};
                marks.put(Long.valueOf(partition), lastMark);
            }
        }
        lastMark[0] = Math.max(lastMark[0], time);
        return lastMark[0];
    }

    /** SQL's HASH_CODE of the text, floor-mod; connectors/shards.py is the same. */
    private int shardOf(byte[] key) {
        if (key == null) {
            return 0;
        }
        return Math.floorMod(Math.abs(new String(key, StandardCharsets.UTF_8).hashCode()), labels.length);
    }

    private Chunk chunk(long begin, int shard) {
        if (begin != lastBegin) {
            lastBegin = begin;
            lastChunks = (Chunk[]) ticks.get(Long.valueOf(begin));
            if (lastChunks == null) {
                lastChunks = new Chunk[labels.length];
                ticks.put(Long.valueOf(begin), lastChunks);
            }
        }
        if (lastChunks[shard] == null) {
            lastChunks[shard] = new Chunk();
        }
        return lastChunks[shard];
    }

    /** Hand on the ticks that end by this watermark, inclusive. */
    private void handOn(long watermark) {
        while (!ticks.isEmpty()) {
            long begin = ((Long) ticks.firstKey()).longValue();
            if (begin + tick - 1 > watermark) {
                break;
            }
            Chunk[] chunks = (Chunk[]) ticks.remove(Long.valueOf(begin));
            for (int shard = 0; shard < chunks.length; shard++) {
                if (chunks[shard] != null) {
                    held -= chunks[shard].size();
                    output.collect(new StreamRecord(Row.of(new Object[] {
                        Integer.valueOf(labels[shard]), Long.valueOf(begin), chunks[shard].packed()})));
                }
            }
        }
        lastBegin = Long.MIN_VALUE;
        lastChunks = null;
    }

    public void processWatermark(Watermark watermark) throws Exception {
        handOn(watermark.getTimestamp());
        super.processWatermark(watermark);
    }

    public void prepareSnapshotPreBarrier(long checkpoint) throws Exception {
        handOn(Long.MAX_VALUE);
        super.prepareSnapshotPreBarrier(checkpoint);
    }

    public void finish() throws Exception {
        handOn(Long.MAX_VALUE);
        super.finish();
    }

    /** Every subtask reads back the marks of all partitions, for it may be given any of them; the highest is right. */
    public void initializeState(StateInitializationContext context) throws Exception {
        super.initializeState(context);
        stored = context.getOperatorStateStore()
            .getUnionListState(new ListStateDescriptor("marks", LongPrimitiveArraySerializer.INSTANCE));
        Iterator entries = ((Iterable) stored.get()).iterator();
        while (entries.hasNext()) {
            long[] entry = (long[]) entries.next();
            markOf(entry[0], entry[1]);
        }
    }

    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        ArrayList entries = new ArrayList();
        Iterator known = marks.entrySet().iterator();
        while (known.hasNext()) {
            Map.Entry mark = (Map.Entry) known.next();
            entries.add(new long[] {((Long) mark.getKey()).longValue(), ((long[]) mark.getValue())[0]});
        }
        stored.update(entries);
    }

    /** Records by column. */
    private static class Chunk {
        static final int NUMBERS = 32;

        private int count = 0;
        private long[] coordinates = new long[8];
        private long[] times = new long[8];
        private long[] effective = new long[8];
        private int[] keyLengths = new int[8];
        private int[] valueLengths = new int[8];
        private byte[] keys = new byte[128];
        private byte[] values = new byte[2048];
        private int keysEnd = 0;
        private int valuesEnd = 0;

        void add(byte[] key, byte[] value, long coordinate, long time, long at) {
            if (count == coordinates.length) {
                coordinates = Arrays.copyOf(coordinates, 2 * count);
                times = Arrays.copyOf(times, 2 * count);
                effective = Arrays.copyOf(effective, 2 * count);
                keyLengths = Arrays.copyOf(keyLengths, 2 * count);
                valueLengths = Arrays.copyOf(valueLengths, 2 * count);
            }
            coordinates[count] = coordinate;
            times[count] = time;
            effective[count] = at;
            keyLengths[count] = key == null ? -1 : key.length;
            valueLengths[count] = value == null ? -1 : value.length;
            if (key != null) {
                keys = room(keys, keysEnd, key.length);
                System.arraycopy(key, 0, keys, keysEnd, key.length);
                keysEnd += key.length;
            }
            if (value != null) {
                values = room(values, valuesEnd, value.length);
                System.arraycopy(value, 0, values, valuesEnd, value.length);
                valuesEnd += value.length;
            }
            count++;
        }

        private static byte[] room(byte[] bytes, int end, int more) {
            return end + more <= bytes.length ? bytes : Arrays.copyOf(bytes, Math.max(2 * bytes.length, end + more));
        }

        int size() {
            return count * NUMBERS + keysEnd + valuesEnd;
        }

        byte[] packed() {
            ByteBuffer out = ByteBuffer.allocate(4 + size()).order(ByteOrder.LITTLE_ENDIAN);
            out.putInt(count);
            for (int place = 0; place < count; place++) {
                out.putLong(coordinates[place]);
            }
            for (int place = 0; place < count; place++) {
                out.putLong(times[place]);
            }
            for (int place = 0; place < count; place++) {
                out.putLong(effective[place]);
            }
            for (int place = 0; place < count; place++) {
                out.putInt(keyLengths[place]);
            }
            for (int place = 0; place < count; place++) {
                out.putInt(valueLengths[place]);
            }
            out.put(keys, 0, keysEnd).put(values, 0, valuesEnd);
            return out.array();
        }
    }
}
