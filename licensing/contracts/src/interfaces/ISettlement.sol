// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.37;

import {IERC20} from "@openzeppelin/contracts/interfaces/IERC20.sol";
import {IAssetRegistry} from "./IAssetRegistry.sol";
import {ILicenses} from "./ILicenses.sol";

/// @notice An ERC-2612 signature of the caller that lets the Settlement contract take `value`.
struct Permit {
    uint256 value;
    uint256 deadline;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @notice An ERC-3009 signature of a payer that lets the Settlement contract take an amount for one order.
struct Authorization {
    uint256 validAfter;
    uint256 validBefore;
    /// Part of the order's nonce, so that the same order can be given twice.
    bytes32 salt;
    uint8 v;
    bytes32 r;
    bytes32 s;
}

/// @title Escrow, charges and payouts
/// @notice Amounts are in the currency's smallest unit. A channel belongs to a license in one epoch.
///         EIP-712 domain: name "Qanat Settlement", version "1", this chain, this contract. Types:
///         `Voucher(uint256 licenseId,uint64 epoch,uint128 cumulative)`, signed by the channel's signer;
///         `Batch(bytes32 expectedHead,bytes32 usageRoot,string uri,Group[] groups)`, signed by an operator, with
///         `Group(uint256 assetId,Item[] items,Line[] lines)`, `Line(uint256 assetId,uint64 weight)` and
///         `Item(uint256 licenseId,uint64 epoch,uint128 ceiling,uint128 claim,bytes32 r,bytes32 vs)`.
interface ISettlement {
    struct Channel {
        /// Everything paid in less everything withdrawn.
        uint128 deposited;
        /// Everything charged since the beginning; never above `deposited`, never less than before.
        uint128 redeemed;
        address signer;
        uint64 series;
        address payer;
        /// Unix seconds from which the thawing amount can be withdrawn; 0 where no withdrawal was requested.
        uint64 thawEnd;
        /// What the payer asked to withdraw. It can still be charged until it is withdrawn, and is never more than
        /// what is left; whoever serves the payer should count it as gone.
        uint128 thawing;
    }

    /// @notice One license's charges: `claim` is everything charged so far, `ceiling` what the voucher allows.
    struct Item {
        uint256 licenseId;
        uint64 epoch;
        uint128 ceiling;
        uint128 claim;
        /// The voucher's signature in EIP-2098 form.
        bytes32 r;
        bytes32 vs;
    }

    /// @notice A cited asset and its weight in the division of the pool.
    struct Line {
        uint256 assetId;
        uint64 weight;
    }

    /// @notice The charges for the use of one asset. With no lines, the asset's pool goes to itself.
    struct Group {
        uint256 assetId;
        Item[] items;
        Line[] lines;
    }

    /// @notice Why an item moved nothing. The numbers are part of the ABI.
    enum SkipReason {
        NO_CHANNEL,
        /// The license is for another series than the group's asset.
        OTHER_SERIES,
        CLAIM_ABOVE_CEILING,
        /// As much, or more, was charged before: a repeated or older item.
        ALREADY_REDEEMED,
        BAD_SIGNATURE,
        /// The channel is used up.
        NOTHING_LEFT
    }

    event ChannelOpened(
        uint256 indexed licenseId,
        uint64 indexed epoch,
        address indexed payer,
        address signer,
        uint64 series,
        uint128 deposited
    );
    event ToppedUp(uint256 indexed licenseId, uint64 indexed epoch, uint128 amount, uint128 deposited, uint128 thawing);
    event ChannelSignerChanged(
        uint256 indexed licenseId, uint64 indexed epoch, address previous, address signer, uint64 previousUntil
    );
    event WithdrawRequested(uint256 indexed licenseId, uint64 indexed epoch, uint128 amount, uint64 thawEnd);
    event WithdrawCancelled(uint256 indexed licenseId, uint64 indexed epoch, uint128 amount);
    event Withdrawn(
        uint256 indexed licenseId, uint64 indexed epoch, address indexed payer, uint128 amount, uint128 deposited
    );
    /// `amount` was charged; less than the item's claim asked for where the channel held less.
    event ItemRedeemed(
        uint256 indexed licenseId, uint64 indexed epoch, uint256 indexed assetId, uint128 amount, uint128 redeemed
    );
    event ItemSkipped(uint256 indexed licenseId, uint64 indexed epoch, SkipReason reason, uint128 claim);
    event PoolShared(uint256 indexed fromAssetId, uint256 indexed toAssetId, uint256 amount);
    event BatchRedeemed(
        uint256 indexed batchNo,
        bytes32 indexed usageRoot,
        bytes32 previousHead,
        bytes32 head,
        address operator,
        uint256 amount,
        string uri
    );
    event SaleRecorded(uint256 indexed assetId, address indexed payer, uint128 amount, uint256 gross);
    event Claimed(uint256 indexed receiptId, address indexed payout, uint256 amount, uint256 paid);
    event FeeClaimed(uint256 indexed assetId, address indexed treasury, uint256 amount, uint256 paid);
    /// A fork's ancestor was given its part of what the fork has earned; `pulled` is everything so far.
    event RoyaltyPulled(uint256 indexed assetId, uint256 indexed ancestorId, uint256 amount, uint256 pulled);
    event TreasuryChanged(address indexed previous, address indexed treasury);

    error OnlyLicenses(address caller);
    error NotPayer(uint256 licenseId, uint64 epoch, address payer, address caller);
    error NotHolder(uint256 licenseId, address holder, address caller);
    error NotMetered(uint256 licenseId);
    error NoSigner(uint256 licenseId);
    error ZeroAmount();
    error ChannelIsOpen(uint256 licenseId, uint64 epoch);
    error MoreThanIsLeft(uint128 amount, uint128 left);
    error NothingThawing(uint256 licenseId, uint64 epoch);
    error StillThawing(uint64 thawEnd, uint64 timestamp);
    error HeadMoved(bytes32 expected, bytes32 actual);
    error NotOperator(address signer);
    error NotADependency(uint256 assetId, uint256 payee);
    error NoWeight(uint256 assetId);
    /// The currency delivered another amount than was sent: it takes a fee on transfers and cannot be used here.
    error CurrencyShort(uint256 sent, uint256 received);
    error DelayOutOfRange(uint64 delay, uint64 least, uint64 most);
    error NoTreasury();

    /// @notice Open the channel of a METERED license in its present epoch. Only its holder, who becomes the payer.
    function open(uint256 licenseId, uint128 amount) external;

    /// @notice As `open`, with a permit in place of an approval. A permit that fails is ignored.
    function openWithPermit(uint256 licenseId, uint128 amount, Permit calldata permit) external;

    /// @notice As `open`, paid by an ERC-3009 authorization of the holder, whose nonce is `openNonce` of the order. Anyone
    ///         may send it.
    function openWithAuthorization(uint256 licenseId, uint128 amount, Authorization calldata authorization) external;

    /// @notice Add to a channel. Only its payer. A running withdrawal keeps its amount and its date.
    function topUp(uint256 licenseId, uint64 epoch, uint128 amount) external;

    function topUpWithPermit(uint256 licenseId, uint64 epoch, uint128 amount, Permit calldata permit) external;

    /// @notice As `topUp`, paid by an ERC-3009 authorization of the payer, whose nonce is `topUpNonce` of the order. Anyone
    ///         may send it.
    function topUpWithAuthorization(
        uint256 licenseId,
        uint64 epoch,
        uint128 amount,
        Authorization calldata authorization
    ) external;

    /// @notice Announce a withdrawal, in place of an earlier one; it can be made after the delay. Only the payer.
    function requestWithdraw(uint256 licenseId, uint64 epoch, uint128 amount) external;

    function cancelWithdraw(uint256 licenseId, uint64 epoch) external;

    /// @notice Pay the thawed amount to the payer, or what is left of it. Only the payer. It cannot be paused.
    function withdraw(uint256 licenseId, uint64 epoch) external returns (uint128 amount);

    /// @notice Charge channels, commit to the usage behind it, and credit the assets. Anyone may send it.
    /// @dev An item that cannot be charged is skipped and named in `ItemSkipped`; the rest is charged. It cannot be paused.
    /// @param expectedHead `usageHead()` when the batch was signed: every batch builds on the one before it.
    /// @param usageRoot The Merkle root over the proofs of use that the batch charges for.
    /// @param uri Where those proofs' hashes can be read.
    /// @return amount Everything charged by this batch.
    function redeem(
        bytes32 expectedHead,
        bytes32 usageRoot,
        string calldata uri,
        Group[] calldata groups,
        bytes calldata operatorSignature
    ) external returns (uint256 amount);

    /// @notice Pay what receipts have earned and not yet been paid, each to its payout address. Anyone may send it.
    /// @dev Repeated ids and receipts with nothing due change nothing. It cannot be paused.
    function claim(uint256[] calldata receiptIds) external returns (uint256 amount);

    /// @notice Give the ancestors of forks their part of what those have earned so far: it joins what the ancestors'
    ///         receipts can claim. Anyone may send it. It cannot be paused.
    /// @dev Repeated ids, and assets that are nobody's forks, change nothing.
    function pullRoyalties(uint256[] calldata assetIds) external returns (uint256 amount);

    /// @notice Pay the platform's fee on what assets have earned to the treasury. Anyone may send it.
    function claimFee(uint256[] calldata assetIds) external returns (uint256 amount);

    /// @notice Change where fees are paid. Needs the role TREASURY.
    function setTreasury(address treasury) external;

    /// @notice Stop, or resume, new channels and top-ups; nothing else. Needs the role PAUSER.
    function pause() external;

    function unpause() external;

    /// @notice Take the price of a license from its payer and credit the asset. Only the Licenses contract.
    function recordSale(address payer, uint256 assetId, uint128 amount) external;

    /// @notice Take an authorized payment that the sale, renewal and deposit of the same call will use up. Only the Licenses
    ///         contract.
    function receiveFor(address payer, uint256 amount, bytes32 nonce, Authorization calldata authorization) external;

    /// @notice Open the channel of a license just bought. Only the Licenses contract.
    function openFor(address payer, uint256 licenseId, uint128 amount) external;

    /// @notice Follow a change of the license's voucher signer. Only the Licenses contract.
    function changeSigner(uint256 licenseId, uint64 epoch, address signer) external;

    /// @notice The channel, all zeros where none was opened.
    function getChannel(uint256 licenseId, uint64 epoch) external view returns (Channel memory);

    /// @notice Until when a former signer's vouchers are still redeemed; 0 for one that never was signer.
    function retiredUntil(uint256 licenseId, uint64 epoch, address signer) external view returns (uint64);

    /// @notice Everything the asset has earned by sales and charges, before the platform's fee.
    function grossOf(uint256 assetId) external view returns (uint256);

    /// @notice What rounding has left of the asset's pool, to be divided with the next batch.
    function poolHeldOf(uint256 assetId) external view returns (uint256);

    /// @notice The platform's fee on everything the asset has earned: 2.5 %, rounded down.
    function feeOf(uint256 assetId) external view returns (uint256);

    function paidFeeOf(uint256 assetId) external view returns (uint256);

    /// @notice Everything the asset was given as an ancestor of forks: after the fee, and owed to nobody further.
    function royaltyInOf(uint256 assetId) external view returns (uint256);

    /// @notice What an ancestor was given of an asset's earnings so far.
    function pulledOf(uint256 assetId, uint256 ancestorId) external view returns (uint256);

    /// @notice What `pullRoyalties` would give the ancestor of an asset now; 0 where it is no ancestor.
    function royaltyDue(uint256 assetId, uint256 ancestorId) external view returns (uint256);

    /// @notice Everything the receipt has earned, paid or not. Reverts where there is no such receipt.
    function earnedOf(uint256 receiptId) external view returns (uint256);

    function paidOf(uint256 receiptId) external view returns (uint256);

    /// @notice What `claim` would pay for the receipt now.
    function claimable(uint256 receiptId) external view returns (uint256);

    /// @notice The head of the usage chain, 0 before the first batch. After each batch: the first 24 bytes of
    ///         `keccak256(abi.encode(previousHead, usageRoot))`, then the batch's number in 8 bytes.
    function usageHead() external view returns (bytes32);

    /// @notice How many batches were redeemed.
    function batchNo() external view returns (uint256);

    /// @notice What a channel's signer signs to allow charges up to `cumulative` in all.
    function voucherDigest(uint256 licenseId, uint64 epoch, uint128 cumulative) external view returns (bytes32);

    /// @notice What an operator signs.
    function batchDigest(bytes32 expectedHead, bytes32 usageRoot, string calldata uri, Group[] calldata groups)
        external
        view
        returns (bytes32);

    /// @notice The nonce of an authorization that opens a channel. `salt` is the payer's choice.
    function openNonce(uint256 licenseId, uint64 epoch, bytes32 salt) external pure returns (bytes32);

    /// @notice The nonce of an authorization that adds to a channel.
    function topUpNonce(uint256 licenseId, uint64 epoch, bytes32 salt) external pure returns (bytes32);

    function treasury() external view returns (address);

    /// @notice Seconds between the announcement of a withdrawal and the withdrawal.
    function withdrawDelay() external view returns (uint64);

    function currency() external view returns (IERC20);

    function registry() external view returns (IAssetRegistry);

    function licenses() external view returns (ILicenses);
}
