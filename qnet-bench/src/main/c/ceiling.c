// ceiling unix:PATH|tap:IFNAME [vnet] [nocsum] [MTU]: the fastest that a guest's side can go: a TCP endpoint at 10.0.2.2 without
// host socket, retransmission or retention. Port 5001 takes everything, port 5002 gives without end. Window 1 MiB, one ACK a batch,
// one connection at a time. Listens on the unix path with QEMU's stream framing, or opens the TAP (with "vnet", with offloads).
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { VNET_HEADER = 12, ETH = 14, IP = 20, TCP = 20, HEADERS = ETH + IP + TCP, SYN_OPTIONS = 8, WINDOW_SHIFT = 8, WINDOW = 1 << 20 };
enum { FIN = 1, SYN = 2, RST = 4, ACK = 16 };
static const unsigned char own_mac[6] = {0x52, 0x55, 10, 0, 2, 2};
static const uint32_t own_ip = 0x0a000202, guest_ip = 0x0a00020f;

static int fd, stream, vnet, verify = 1, mtu = 1500, mss;
static unsigned char in[2 << 20], out[4 << 20];
static size_t in_have, out_have, out_sent;

// the one connection
static unsigned char guest_mac[6];
static uint16_t guest_port, own_port;
static uint32_t rcv_nxt, snd_nxt, snd_una, snd_wnd;
static int guest_shift, established, ack_due;

static uint32_t get4(const unsigned char *p) { uint32_t x; memcpy(&x, p, 4); return ntohl(x); }
static uint16_t get2(const unsigned char *p) { return p[0] << 8 | p[1]; }
static void put2(unsigned char *p, int v) { p[0] = v >> 8; p[1] = v; }
static void put4(unsigned char *p, uint32_t v) { v = htonl(v); memcpy(p, &v, 4); }

static uint64_t sum(const unsigned char *p, int n) {
  uint64_t s = 0;
  while (n >= 4) { uint32_t x; memcpy(&x, p, 4); s += x; p += 4; n -= 4; }
  if (n >= 2) { uint16_t x; memcpy(&x, p, 2); s += x; p += 2; n -= 2; }
  return n ? s + *p : s;
}

static uint16_t fold(uint64_t s) {
  while (s >> 16) s = (s & 0xffff) + (s >> 16);
  return s;
}

static uint64_t pseudo_sum(const unsigned char *addresses, int tcp_length) {
  unsigned char p[12];
  memcpy(p, addresses, 8);
  p[8] = 0; p[9] = 6;
  put2(p + 10, tcp_length);
  return sum(p, 12);
}

// Room for VNET_HEADER bytes must stand before the frame.
static void send_frame(unsigned char *frame, int length) {
  if (stream) {
    put4(out + out_have, length);
    if (frame != out + out_have + 4) memcpy(out + out_have + 4, frame, length);
    out_have += 4 + length;
  } else {
    int extra = vnet ? VNET_HEADER : 0;
    if (write(fd, frame - extra, length + extra) < 0) perror("ceiling: write");
  }
}

static void write_vnet_header(unsigned char *h, int payload) {
  uint16_t headers = HEADERS, size = mss, start = ETH + IP, offset = 16;
  memset(h, 0, VNET_HEADER);
  h[0] = 1;  // VIRTIO_NET_HDR_F_NEEDS_CSUM
  if (payload > mss) {
    h[1] = 1;  // VIRTIO_NET_HDR_GSO_TCPV4
    memcpy(h + 2, &headers, 2);
    memcpy(h + 4, &size, 2);
  }
  memcpy(h + 6, &start, 2);
  memcpy(h + 8, &offset, 2);
}

static void write_headers(unsigned char *h, int payload, int flags) {
  int options = flags & SYN ? SYN_OPTIONS : 0, tcp_length = TCP + options + payload;
  memcpy(h, guest_mac, 6);
  memcpy(h + 6, own_mac, 6);
  put2(h + 12, 0x800);
  memset(h + ETH, 0, IP + TCP + options);
  h[14] = 0x45; put2(h + 16, IP + tcp_length); put2(h + 20, 0x4000); h[22] = 64; h[23] = 6;
  put4(h + 26, own_ip); put4(h + 30, guest_ip);
  uint16_t c = ~fold(sum(h + ETH, IP));
  memcpy(h + 24, &c, 2);
  put2(h + 34, own_port); put2(h + 36, guest_port); put4(h + 38, snd_nxt); put4(h + 42, rcv_nxt);
  h[46] = (TCP + options) << 2; h[47] = flags; put2(h + 48, flags & SYN ? 65535 : WINDOW >> WINDOW_SHIFT);
  if (options) {
    h[54] = 2; h[55] = 4; put2(h + 56, mtu - IP - TCP);
    h[58] = 3; h[59] = 3; h[60] = WINDOW_SHIFT; h[61] = 0;
  }
  if (vnet) {
    c = fold(pseudo_sum(h + 26, tcp_length));
    write_vnet_header(h - VNET_HEADER, payload);
  } else {
    c = ~fold(pseudo_sum(h + 26, tcp_length) + sum(h + ETH + IP, tcp_length));
  }
  memcpy(h + 50, &c, 2);
}

static void send_control(int flags) {
  static unsigned char buffer[256];
  unsigned char *frame = buffer + 64;
  write_headers(frame, 0, flags);
  send_frame(frame, HEADERS + (flags & SYN ? SYN_OPTIONS : 0));
}

static void answer_arp(const unsigned char *f) {
  static unsigned char buffer[256];
  unsigned char *reply = buffer + 64;
  memcpy(guest_mac, f + 6, 6);
  memcpy(reply, f + 6, 6);
  memcpy(reply + 6, own_mac, 6);
  memcpy(reply + 12, f + 12, 8);
  put2(reply + 20, 2);
  memcpy(reply + 22, own_mac, 6);
  put4(reply + 28, own_ip);
  memcpy(reply + 32, f + 22, 10);
  memset(reply - VNET_HEADER, 0, VNET_HEADER);
  send_frame(reply, 42);
}

static void open_connection(const unsigned char *tcp, int header) {
  guest_port = get2(tcp); own_port = get2(tcp + 2);
  rcv_nxt = get4(tcp + 4) + 1;
  snd_nxt = snd_una = 1000;
  mss = mtu - IP - TCP;
  guest_shift = 0;
  for (int o = TCP; o < header && tcp[o];) {
    if (tcp[o] == 1) { o++; continue; }
    if (tcp[o] == 3) guest_shift = tcp[o + 2];
    if (tcp[o + 1] < 2) break;
    o += tcp[o + 1];
  }
  send_control(SYN | ACK);
  snd_nxt++;
  established = 1;
}

static void receive_frame(const unsigned char *f) {
  int type = get2(f + 12);
  if (type == 0x806 && get2(f + 20) == 1 && get4(f + 38) == own_ip) { answer_arp(f); return; }
  if (type != 0x800 || f[23] != 6) return;
  const unsigned char *tcp = f + ETH + IP;
  int tcp_length = get2(f + 16) - IP, header = (tcp[12] >> 4) * 4, flags = tcp[13], data = tcp_length - header;
  if (verify && !vnet && fold(pseudo_sum(f + 26, tcp_length) + sum(tcp, tcp_length)) != 0xffff) return;
  if (flags & SYN) { open_connection(tcp, header); return; }
  if (get2(tcp) != guest_port || !established) return;
  if (flags & RST) { established = 0; return; }
  uint32_t ack = get4(tcp + 8), seq = get4(tcp + 4);
  if ((int)(ack - snd_una) > 0) snd_una = ack;
  snd_wnd = (uint32_t)get2(tcp + 14) << guest_shift;
  if (data > 0) {
    if ((int)(seq - rcv_nxt) <= 0 && (int)(seq + data - rcv_nxt) > 0) rcv_nxt = seq + data;
    ack_due = 1;
  }
  if (flags & FIN && seq + data == rcv_nxt) {
    rcv_nxt++;
    send_control(FIN | ACK);
    snd_nxt++;
    established = ack_due = 0;
  }
}

static int can_give(void) { return established && own_port == 5002 && (int)(snd_wnd - (snd_nxt - snd_una)) >= mss; }

static void give(void) {
  static unsigned char buffer[70000];
  int most = vnet ? 65495 : mss, batch = vnet || mss > 9000 ? 16 : 400;
  for (int k = 0; k < batch && can_give() && out_have < 1500000; k++) {
    int n = snd_wnd - (snd_nxt - snd_una);
    if (n > most) n = most;
    unsigned char *frame = stream ? out + out_have + 4 : buffer + 64;
    write_headers(frame, n, ACK);
    send_frame(frame, HEADERS + n);
    snd_nxt += n;
    ack_due = 0;
  }
}

static int read_stream(void) {
  ssize_t n = read(fd, in + in_have, (1 << 20) - in_have);
  if (n <= 0) return 0;
  in_have += n;
  size_t at = 0;
  while (in_have - at >= 4) {
    uint32_t length = get4(in + at);
    if (in_have - at - 4 < length) break;
    receive_frame(in + at + 4);
    at += 4 + length;
  }
  memmove(in, in + at, in_have - at);
  in_have -= at;
  return 1;
}

static void read_tap(void) {
  for (int k = 0; k < 64; k++) {
    if (read(fd, in, 70000) <= 0) return;
    receive_frame(in + (vnet ? VNET_HEADER : 0));
  }
}

static void open_stream(const char *path) {
  struct sockaddr_un u = {.sun_family = AF_UNIX};
  strncpy(u.sun_path, path, sizeof u.sun_path - 1);
  int listener = socket(AF_UNIX, SOCK_STREAM, 0);
  if (bind(listener, (void *)&u, sizeof u) || listen(listener, 1)) { perror("ceiling: bind"); exit(1); }
  stream = 1;
  puts("listening");
  fflush(stdout);
  fd = accept(listener, 0, 0);
  fcntl(fd, F_SETFL, O_NONBLOCK);
}

static void open_tap(const char *name) {
  struct ifreq r = {.ifr_flags = IFF_TAP | IFF_NO_PI | (vnet ? IFF_VNET_HDR : 0)};
  strncpy(r.ifr_name, name, IFNAMSIZ - 1);
  fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK);
  if (fd < 0 || ioctl(fd, TUNSETIFF, &r)) { perror("ceiling: tap"); exit(1); }
  if (vnet) {
    int size = VNET_HEADER;
    ioctl(fd, TUNSETVNETHDRSZ, &size);
    ioctl(fd, TUNSETOFFLOAD, TUN_F_CSUM | TUN_F_TSO4);
  }
  puts("ready");
  fflush(stdout);
}

int main(int argc, char **argv) {
  if (argc < 2) { fprintf(stderr, "usage: ceiling unix:PATH|tap:IFNAME [vnet] [nocsum] [MTU]\n"); return 2; }
  for (int i = 2; i < argc; i++) {
    if (!strcmp(argv[i], "vnet")) vnet = 1;
    else if (!strcmp(argv[i], "nocsum")) verify = 0;
    else mtu = atoi(argv[i]);
  }
  if (!strncmp(argv[1], "unix:", 5)) open_stream(argv[1] + 5);
  else open_tap(argv[1] + 4);
  for (;;) {
    struct pollfd p = {fd, POLLIN | (stream && (out_have || can_give()) ? POLLOUT : 0), 0};
    poll(&p, 1, !stream && can_give() ? 0 : -1);
    if (p.revents & POLLIN) {
      if (!stream) read_tap();
      else if (!read_stream()) return 0;
    }
    if (!out_sent) give();
    if (ack_due) { send_control(ACK); ack_due = 0; }
    if (stream && out_have > out_sent) {
      ssize_t w = write(fd, out + out_sent, out_have - out_sent);
      if (w > 0 && (out_sent += w) == out_have) out_sent = out_have = 0;
    }
  }
}
