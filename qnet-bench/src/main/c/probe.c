// The small measurements, from the guest's side, and the server that they need on the host's.
//   probe ping HOST WARMUP COUNT    median round trip in µs of COUNT echo requests of 56 bytes, one after the other
//   probe connect HOST PORT SECONDS connections a second, one after the other: connect, one byte, close
//   probe serve PORT                takes connections one after the other on 127.0.0.1, reads each to its end
#include <arpa/inet.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

// Who answers none of some requests in a row answers none.
enum { ECHO_BYTES = 64, WAIT_MILLIS = 1000, MAX_LOST = 3 };
// A server that is not scheduled for some milliseconds must not make the kernel drop a SYN, which would cost a second.
enum { BACKLOG = 4096 };

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

static struct sockaddr_in address(const char *host, int port) {
  struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(port)};
  inet_pton(AF_INET, host, &a.sin_addr);
  return a;
}

static uint16_t checksum(const unsigned char *p, int n) {
  uint32_t sum = 0;
  for (int i = 0; i < n; i += 2) sum += p[i] << 8 | p[i + 1];
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return htons(~sum);
}

// Waits for the reply with this number; false after a second.
static int await_reply(int s, int sequence) {
  unsigned char in[2048];
  struct pollfd p = {s, POLLIN, 0};
  while (poll(&p, 1, WAIT_MILLIS) > 0) {
    ssize_t n = recv(s, in, sizeof in, 0);
    int header = (in[0] & 15) * 4;
    struct icmphdr *h = (void *)(in + header);
    if (n >= header + 8 && h->type == ICMP_ECHOREPLY && h->un.echo.id == htons(getpid() & 0xffff) &&
        h->un.echo.sequence == htons(sequence)) return 1;
  }
  return 0;
}

static int by_size(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static int ping(const char *host, int warm_up, int count) {
  struct sockaddr_in to = address(host, 0);
  int s = socket(AF_INET, SOCK_RAW, IPPROTO_ICMP), got = 0, lost = 0;
  double *times = calloc(count, sizeof *times);
  if (s < 0) { perror("probe: raw socket"); return 1; }
  for (int i = -warm_up; i < count; i++) {
    unsigned char out[ECHO_BYTES] = {ICMP_ECHO};
    struct icmphdr *h = (void *)out;
    h->un.echo.id = htons(getpid() & 0xffff);
    h->un.echo.sequence = htons(i & 0xffff);
    h->checksum = checksum(out, sizeof out);
    double start = seconds_now();
    sendto(s, out, sizeof out, 0, (void *)&to, sizeof to);
    int replied = await_reply(s, i & 0xffff);
    lost = replied ? 0 : lost + 1;
    if (lost == MAX_LOST) break;
    if (replied && i >= 0) times[got++] = seconds_now() - start;
  }
  if (!got) { fprintf(stderr, "probe: no reply\n"); return 1; }
  qsort(times, got, sizeof *times, by_size);
  printf("%.1f\n", times[got / 2] * 1e6);
  return 0;
}

static int connect_rate(const char *host, int port, double seconds) {
  struct sockaddr_in to = address(host, port);
  double start = seconds_now();
  long count = 0;
  while (seconds_now() - start < seconds) {
    int s = socket(AF_INET, SOCK_STREAM, 0);
    if (connect(s, (void *)&to, sizeof to) || write(s, "x", 1) != 1) { perror("probe: connect"); return 1; }
    close(s);
    count++;
  }
  printf("%.1f\n", count / (seconds_now() - start));
  return 0;
}

static int serve(int port) {
  struct sockaddr_in a = address("127.0.0.1", port);
  int listener = socket(AF_INET, SOCK_STREAM, 0), one = 1;
  char buffer[4096];
  setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
  if (bind(listener, (void *)&a, sizeof a) || listen(listener, BACKLOG)) { perror("probe: bind"); return 1; }
  puts("listening");
  fflush(stdout);
  for (;;) {
    int s = accept(listener, 0, 0);
    while (read(s, buffer, sizeof buffer) > 0) {}
    close(s);
  }
}

int main(int argc, char **argv) {
  if (argc == 5 && !strcmp(argv[1], "ping")) return ping(argv[2], atoi(argv[3]), atoi(argv[4]));
  if (argc == 5 && !strcmp(argv[1], "connect")) return connect_rate(argv[2], atoi(argv[3]), atof(argv[4]));
  if (argc == 3 && !strcmp(argv[1], "serve")) return serve(atoi(argv[2]));
  fprintf(stderr, "usage: probe ping HOST WARMUP COUNT | connect HOST PORT SECONDS | serve PORT\n");
  return 2;
}
