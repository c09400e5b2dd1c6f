/* TACs in C over the DES functions of libcrypto, for comparison: how much of a rate is calls, and how much is DES.
   libcrypto_loop FILE: 16 bytes city key, then per record 8 bytes card factor and 24 bytes padded signed data.
   Prints two rates a second (diversify, fold and MAC; key schedule and MAC alone), then each TAC in hex. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/des.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { FACTOR = 8, SIGNED = 24, RECORD = FACTOR + SIGNED };

static double now(void) {
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return at.tv_sec + at.tv_nsec / 1e9;
}

static void mac(const unsigned char *key, const unsigned char *data, unsigned char *out) {
    DES_key_schedule schedule;
    DES_cblock block = {0};
    DES_set_key_unchecked((const_DES_cblock *)key, &schedule);
    for (int start = 0; start < SIGNED; start += 8) {
        for (int i = 0; i < 8; i++) block[i] ^= data[start + i];
        DES_ecb_encrypt(&block, &block, &schedule, DES_ENCRYPT);
    }
    memcpy(out, block, 8);
}

int main(int argc, char **argv) {
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    if (!file) return 2;
    fseek(file, 0, SEEK_END);
    long count = (ftell(file) - 16) / RECORD;
    rewind(file);
    unsigned char city[16], *records = malloc(count * RECORD), *keys = malloc(count * 8), *macs = malloc(count * 8);
    if (!records || !keys || !macs || fread(city, 1, 16, file) != 16) return 2;
    if (fread(records, RECORD, count, file) != (size_t)count) return 2;

    double began = now();
    DES_key_schedule left, right;
    DES_set_key_unchecked((const_DES_cblock *)city, &left);
    DES_set_key_unchecked((const_DES_cblock *)(city + 8), &right);
    for (long n = 0; n < count; n++) {
        const unsigned char *record = records + n * RECORD;
        DES_cblock halves[2];
        for (int i = 0; i < 8; i++) {
            halves[0][i] = record[i];
            halves[1][i] = ~record[i];
        }
        DES_ecb2_encrypt(&halves[0], &halves[0], &left, &right, DES_ENCRYPT);
        DES_ecb2_encrypt(&halves[1], &halves[1], &left, &right, DES_ENCRYPT);
        for (int i = 0; i < 8; i++) keys[n * 8 + i] = halves[0][i] ^ halves[1][i];
        mac(keys + n * 8, record + FACTOR, macs + n * 8);
    }
    double whole = count / (now() - began);

    began = now();
    for (long n = 0; n < count; n++) mac(keys + n * 8, records + n * RECORD + FACTOR, macs + n * 8);
    printf("%.0f %.0f\n", whole, count / (now() - began));
    for (long n = 0; n < count; n++) printf("%02x%02x%02x%02x\n", macs[n * 8], macs[n * 8 + 1], macs[n * 8 + 2], macs[n * 8 + 3]);
    return 0;
}
