import java.util.ArrayList;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

import org.apache.flink.api.common.state.MapState;
import org.apache.flink.api.common.state.MapStateDescriptor;
import org.apache.flink.api.common.state.State;
import org.apache.flink.api.common.typeutils.base.StringSerializer;
import org.apache.flink.api.common.typeutils.base.array.BytePrimitiveArraySerializer;
import org.apache.flink.metrics.Counter;
import org.apache.flink.runtime.state.KeyedStateFunction;
import org.apache.flink.runtime.state.StateSnapshotContext;
import org.apache.flink.runtime.state.VoidNamespace;
import org.apache.flink.runtime.state.VoidNamespaceSerializer;
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
 * Hands on a tick of a shard in one piece, once the watermark of all sources has passed its end.
 *
 * <p>In: (label of the shard, beginning of the tick, chunk), keyed by the label. Out: (label, (chunks)).
 *
 * <p>Chunks of open ticks lie on the heap. A checkpoint puts them into keyed state, each of them once, and so does
 * having too many of them: a tide that stands still for hours fills the disk and not the memory. Nothing is dropped; a
 * chunk behind the tide, which TickChunks never makes, would be counted and handed on with the next watermark.
 */
public class CompleteTicks extends AbstractStreamOperator implements OneInputStreamOperator, KeyedStateFunction {
    private static final int MOST_BYTES = 32 << 20;

    private final long tick;
    private final TreeMap ticks = new TreeMap();
    private long held = 0;
    private long tide = Long.MIN_VALUE;
    private Counter late;
    private MapState stored;

    public CompleteTicks(
            Object[] settings, StreamTask task, StreamConfig config, Output output, ProcessingTimeService clock) {
        this.tick = ((Number) settings[0]).longValue();
        this.setup(task, config, output);
        this.setProcessingTimeService(clock);
    }

    public void open() throws Exception {
        super.open();
        late = getMetricGroup().counter("numLateChunks");
        MapStateDescriptor descriptor = new MapStateDescriptor(
            "open-ticks", StringSerializer.INSTANCE, BytePrimitiveArraySerializer.INSTANCE);
        stored = getRuntimeContext().getMapState(descriptor);
        getKeyedStateBackend()
            .applyToAllKeys(VoidNamespace.INSTANCE, VoidNamespaceSerializer.INSTANCE, descriptor, this);
    }

    /** What a restored state holds of a shard. */
    public void process(Object key, State state) throws Exception {
        Iterator names = ((MapState) state).keys().iterator();
        while (names.hasNext()) {
            String name = (String) names.next();
            openTick(Long.parseLong(name.substring(0, name.indexOf(':'))), ((Row) key).getField(0)).stored++;
        }
    }

    public void processElement(StreamRecord element) throws Exception {
        Row row = (Row) element.getValue();
        long begin = ((Long) row.getField(1)).longValue();
        byte[] chunk = (byte[]) row.getField(2);
        openTick(begin, row.getField(0)).chunks.add(chunk);
        held += chunk.length;
        if (begin + tick - 1 <= tide) {
            late.inc();
        }
        if (held > MOST_BYTES) {
            store();
        }
    }

    public void processWatermark(Watermark watermark) throws Exception {
        tide = watermark.getTimestamp();
        while (!ticks.isEmpty() && ((Long) ticks.firstKey()).longValue() + tick - 1 <= tide) {
            Map.Entry first = ticks.pollFirstEntry();
            Iterator shards = ((TreeMap) first.getValue()).entrySet().iterator();
            while (shards.hasNext()) {
                Map.Entry shard = (Map.Entry) shards.next();
                Row chunks = Row.of(new Object[] {all((OpenTick) shard.getValue(), shard.getKey(), first.getKey())});
                output.collect(new StreamRecord(Row.of(new Object[] {shard.getKey(), chunks})));
            }
        }
        super.processWatermark(watermark);
    }

    public void snapshotState(StateSnapshotContext context) throws Exception {
        super.snapshotState(context);
        store();
    }

    private OpenTick openTick(long begin, Object label) {
        TreeMap shards = (TreeMap) ticks.get(Long.valueOf(begin));
        if (shards == null) {
            shards = new TreeMap();
            ticks.put(Long.valueOf(begin), shards);
        }
        OpenTick open = (OpenTick) shards.get(label);
        if (open == null) {
            open = new OpenTick();
            shards.put(label, open);
        }
        return open;
    }

    private byte[][] all(OpenTick open, Object label, Object begin) throws Exception {
        byte[][] chunks = new byte[open.stored + open.chunks.size()][];
        if (open.stored > 0) {
            setCurrentKey(Row.of(new Object[] {label}));
        }
        for (int place = 0; place < open.stored; place++) {
            chunks[place] = (byte[]) stored.get(begin + ":" + place);
            stored.remove(begin + ":" + place);
        }
        for (int place = open.stored; place < chunks.length; place++) {
            chunks[place] = (byte[]) open.chunks.get(place - open.stored);
            held -= chunks[place].length;
        }
        return chunks;
    }

    private void store() throws Exception {
        Iterator begins = ticks.entrySet().iterator();
        while (begins.hasNext()) {
            Map.Entry one = (Map.Entry) begins.next();
            Iterator shards = ((TreeMap) one.getValue()).entrySet().iterator();
            while (shards.hasNext()) {
                Map.Entry shard = (Map.Entry) shards.next();
                OpenTick open = (OpenTick) shard.getValue();
                setCurrentKey(Row.of(new Object[] {shard.getKey()}));
                for (int place = 0; place < open.chunks.size(); place++) {
                    stored.put(one.getKey() + ":" + open.stored++, open.chunks.get(place));
                }
                open.chunks.clear();
            }
        }
        held = 0;
    }

    /** How many chunks lie in keyed state, and those that lie here. */
    private static class OpenTick {
        int stored = 0;
        final ArrayList chunks = new ArrayList();
    }
}
