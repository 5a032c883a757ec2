package io.qnet.testkit;

import io.qnet.testkit.codec.Bytes;
import io.qnet.testkit.codec.Mac;
import java.net.InetAddress;
import org.jspecify.annotations.Nullable;

/** ARP (RFC 826): answers for the guest's address, asks for others. */
final class ArpLayer extends NeighbourCache {
    static final int ETHER_TYPE = 0x0806;

    private static final int REQUEST = 1;
    private static final int REPLY = 2;
    private static final int LENGTH = 42;

    ArpLayer(GuestStack stack) {
        super(stack);
    }

    void onFrame(byte[] frame) {
        if (frame.length < LENGTH || Bytes.i32(frame, 14) != 0x00010800 || Bytes.u16(frame, 18) != 0x0604) {
            stack.violations.add("malformed ARP", frame);
            return;
        }
        long sender = Bytes.u48(frame, 22);
        InetAddress senderIp = Ipv4Layer.address(frame, 28);
        InetAddress target = Ipv4Layer.address(frame, 38);
        int operation = Bytes.u16(frame, 20);
        checkSender(frame, sender, operation);
        InetAddress own = stack.ipv4.address();
        boolean forUs = own != null && target.equals(own);
        if (isOfInterest(senderIp) || forUs) {
            learn(senderIp, sender);
        }
        if (operation == REQUEST && forUs) {
            sendReply(sender, senderIp, target);
        }
    }

    private void checkSender(byte[] frame, long sender, int operation) {
        if (sender != Bytes.u48(frame, 6)) {
            stack.violations.add("ARP sender " + Mac.text(sender) + " is not the frame's source", frame);
        }
        if (operation != REQUEST && operation != REPLY) {
            stack.violations.add("ARP operation " + operation, frame);
        }
    }

    @Override
    void sendRequest(InetAddress target) {
        InetAddress own = stack.ipv4.address();
        send(Mac.BROADCAST, REQUEST, own, 0, target);
    }

    private void sendReply(long mac, InetAddress to, InetAddress own) {
        send(mac, REPLY, own, mac, to);
    }

    private void send(long destination, int operation, @Nullable InetAddress own, long targetMac, InetAddress target) {
        byte[] frame = stack.tx;
        stack.ethernet(frame, destination, ETHER_TYPE);
        Bytes.put32(frame, 14, 0x00010800);
        Bytes.put16(frame, 18, 0x0604);
        Bytes.put16(frame, 20, operation);
        Bytes.put48(frame, 22, stack.settings.mac());
        Ipv4Layer.put(frame, 28, own == null ? Ipv4Layer.ANY : own);
        Bytes.put48(frame, 32, targetMac);
        Ipv4Layer.put(frame, 38, target);
        stack.send(frame, LENGTH);
    }
}
