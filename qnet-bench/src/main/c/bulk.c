// bulk HOST PORT WARMUP SECONDS: one TCP stream, as the guest's side of the ceiling probe. Port 5001 is written to, any other port
// is read from. Prints Gbit/s of the SECONDS after the warm-up.
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static char buffer[128 * 1024];

static double seconds_now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

// Moves bytes for this long; returns how many, and the time it really took.
static long move(int s, int sending, double seconds, double *elapsed) {
  double start = seconds_now(), now = start;
  long bytes = 0;
  while (now - start < seconds) {
    ssize_t n = sending ? write(s, buffer, sizeof buffer) : read(s, buffer, sizeof buffer);
    if (n <= 0) break;
    bytes += n;
    now = seconds_now();
  }
  *elapsed = now - start;
  return bytes;
}

int main(int argc, char **argv) {
  if (argc != 5) {
    fprintf(stderr, "usage: bulk HOST PORT WARMUP SECONDS\n");
    return 2;
  }
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(atoi(argv[2]))};
  inet_pton(AF_INET, argv[1], &to.sin_addr);
  int s = socket(AF_INET, SOCK_STREAM, 0), sending = atoi(argv[2]) == 5001;
  if (connect(s, (void *)&to, sizeof to)) {
    perror("bulk: connect");
    return 1;
  }
  double elapsed;
  move(s, sending, atof(argv[3]), &elapsed);
  long bytes = move(s, sending, atof(argv[4]), &elapsed);
  printf("%.2f\n", elapsed > 0 ? bytes * 8 / elapsed / 1e9 : 0);
  return 0;
}
