package io.qnet;

/** QEMU's {@code -net dump} up to 2.11: a member of a hub that records each frame once, as any other listener, and sends none. */
final class DumpClient extends Netdev {
    private final FrameFilter recorder;
    private final String info;
    private final Device device = new Device();

    DumpClient(String id, FrameFilter recorder, String info) {
        super(id);
        this.recorder = recorder;
        this.info = info;
    }

    @Override
    public String type() {
        return "dump";
    }

    @Override
    public String info() {
        return info;
    }

    @Override
    protected void open() {}

    @Override
    protected void close() {
        recorder.close();
    }

    @Override
    protected Port.Device device() {
        return device;
    }

    private final class Device implements Port.Device {
        @Override
        public boolean receive(Frame frame) {
            recorder.filter(frame, FrameFilter.Direction.RX, onward -> {});
            return true;
        }

        @Override
        public int takes() {
            return Offload.TAKES_NOTHING;
        }

        @Override
        public void onSendable() {}
    }

    /** Makes one. */
    record Config(String id, FrameFilter recorder, String info) implements EndpointConfig<DumpClient> {
        @Override
        public DumpClient create() {
            return new DumpClient(id, recorder, info);
        }
    }
}
